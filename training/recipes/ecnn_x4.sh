#!/usr/bin/env bash
# Makes ecnn_x4: run it from the repository's root; the images are described in the cards.
# It starts from the model of that name at commit 474b09c, which has 6 hidden layers, and leaves out
# the last one.
# It was made on a GPU, whose sums have another order: on a CPU the same command makes a table like it.
set -euo pipefail
mkdir -p ../runs/before
git show 474b09c:lutsr_data/ecnn_x4.npy > ../runs/before/ecnn_x4.npy
git show 474b09c:lutsr_data/ecnn_x4.json > ../runs/before/ecnn_x4.json
python -m training ecnn --images ../shared/data/train --val ../shared/data/val --licence 'cid22=CC BY-SA 4.0' --licence 'clic2025=Unsplash License' --licence gb82=CC0 --out ../runs/ecnn_x4 --model ecnn --scale 4 --layers 5 --steps 34000 --every 4000 --batch 32 --round-at 0 --lr 0.015 --seed 23 --init ../runs/before/ecnn_x4.npy
