#!/usr/bin/env bash
# Makes ecnn-photo_x2: run it from the repository's root, after ecnn-photo_x4.sh; it starts from the body of
# that model's third run.
set -euo pipefail
python -m training ecnn --images ../shared/data/train --val ../shared/data/val --licence 'cid22=CC BY-SA 4.0' --licence 'clic2025=Unsplash License' --licence gb82=CC0 --out ../runs/ecnn-photo_x2 --model ecnn-photo --scale 2 --layers 5 --degrade photo --steps 2000 --every 500 --round-at 0 --lr 0.008 --seed 27 --offset 25 --init ../runs/ecnn-photo_x4_third/checkpoint.pt
