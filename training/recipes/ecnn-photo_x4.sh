#!/usr/bin/env bash
# Makes ecnn-photo_x4: run it from the repository's root; the images are described in the cards.
# It starts from ecnn-photo_x4 at commit 49f3064. The recipe of that commit lists the runs before, with other
# chances of degradations.
set -euo pipefail
mkdir -p ../runs/before
git show 49f3064:lutsr_data/ecnn-photo_x4.npy > ../runs/before/ecnn-photo_x4.npy
git show 49f3064:lutsr_data/ecnn-photo_x4.json > ../runs/before/ecnn-photo_x4.json
python -m training ecnn --images ../shared/data/train --val ../shared/data/val --licence 'cid22=CC BY-SA 4.0' --licence 'clic2025=Unsplash License' --licence gb82=CC0 --out ../runs/ecnn-photo_x4 --model ecnn-photo --scale 4 --layers 5 --degrade photo --steps 7000 --every 1000 --batch 16 --round-at 0 --lr 0.008 --seed 41 --init ../runs/before/ecnn-photo_x4.npy
