#!/usr/bin/env bash
# Makes ecnn-large_x4: run it from the repository's root; the images are described in the cards.
# It starts from the model of that name at commit 25f8e9d, which is its teacher, too. The recipe of
# that model is there.
set -euo pipefail
mkdir -p ../runs/before
git show 25f8e9d:lutsr_data/ecnn-large_x4.npy > ../runs/before/ecnn-large_x4.npy
git show 25f8e9d:lutsr_data/ecnn-large_x4.json > ../runs/before/ecnn-large_x4.json
python -m training ecnn --images ../shared/data/train --val ../shared/data/val --licence 'cid22=CC BY-SA 4.0' --licence 'clic2025=Unsplash License' --licence gb82=CC0 --out ../runs/ecnn-large_x4 --model ecnn-large --scale 4 --layers 11 --steps 22000 --every 1000 --batch 8 --round-at 0 --lr 0.008 --seed 31 --init ../runs/before/ecnn-large_x4.npy --teacher ../runs/before/ecnn-large_x4.npy
