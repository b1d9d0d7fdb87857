#!/usr/bin/env bash
# Makes ecnn_x3: run it from the repository's root, after ecnn_x4.sh, whose body it starts from.
set -euo pipefail
python -m training ecnn --images ../shared/data/train --val ../shared/data/val --licence 'cid22=CC BY-SA 4.0' --licence 'clic2025=Unsplash License' --licence gb82=CC0 --out ../runs/ecnn_x3 --model ecnn --scale 3 --layers 5 --steps 6000 --every 1000 --round-at 0 --lr 0.01 --seed 31 --init ../runs/ecnn_x4/checkpoint.pt
