#!/usr/bin/env bash
# Makes ecnn-small_x4: run it from the repository's root; the images are described in the cards.
# It starts from the model of that name at commit 474b09c, whose recipe is there.
set -euo pipefail
mkdir -p ../runs/before
git show 474b09c:lutsr_data/ecnn-small_x4.npy > ../runs/before/ecnn-small_x4.npy
git show 474b09c:lutsr_data/ecnn-small_x4.json > ../runs/before/ecnn-small_x4.json
python -m training ecnn --images ../shared/data/train --val ../shared/data/val --licence 'cid22=CC BY-SA 4.0' --licence 'clic2025=Unsplash License' --licence gb82=CC0 --out ../runs/ecnn-small_x4 --model ecnn-small --scale 4 --channels 8 --layers 4 --steps 11000 --every 2000 --round-at 0 --lr 0.015 --seed 32 --excess 0.0002 --init ../runs/before/ecnn-small_x4.npy
