#!/usr/bin/env bash
# Makes ecnn-small_x2: run it from the repository's root, after ecnn-small_x4.sh, whose body it starts from.
set -euo pipefail
python -m training ecnn --images ../shared/data/train --val ../shared/data/val --licence 'cid22=CC BY-SA 4.0' --licence 'clic2025=Unsplash License' --licence gb82=CC0 --out ../runs/ecnn-small_x2_first --model ecnn-small --scale 2 --channels 8 --layers 4 --steps 3000 --every 1000 --round-at 0 --lr 0.01 --seed 33 --offset 10 --init ../runs/ecnn-small_x4/checkpoint.pt
python -m training ecnn --images ../shared/data/train --val ../shared/data/val --licence 'cid22=CC BY-SA 4.0' --licence 'clic2025=Unsplash License' --licence gb82=CC0 --out ../runs/ecnn-small_x2 --model ecnn-small --scale 2 --channels 8 --layers 4 --units 32 --last-units 16 --excess 0.0001 --steps 14000 --every 7000 --round-at 0 --offset 10 --lr 0.01 --seed 34 --init ../runs/ecnn-small_x2_first/ecnn-small_x2.npy
