#!/usr/bin/env bash
# Makes ecnn_x2: run it from the repository's root, after ecnn_x4.sh, whose body it starts from.
set -euo pipefail
python -m training ecnn --images ../shared/data/train --val ../shared/data/val --licence 'cid22=CC BY-SA 4.0' --licence 'clic2025=Unsplash License' --licence gb82=CC0 --out ../runs/ecnn_x2_first --model ecnn --scale 2 --layers 5 --steps 5000 --every 1000 --round-at 0 --lr 0.01 --seed 31 --offset 10 --init ../runs/ecnn_x4/checkpoint.pt
python -m training ecnn --images ../shared/data/train --val ../shared/data/val --licence 'cid22=CC BY-SA 4.0' --licence 'clic2025=Unsplash License' --licence gb82=CC0 --out ../runs/ecnn_x2 --model ecnn --scale 2 --layers 5 --units 32 --last-units 16 --excess 0.0001 --steps 12000 --every 4000 --round-at 0 --offset 10 --lr 0.01 --seed 32 --init ../runs/ecnn_x2_first/ecnn_x2.npy
