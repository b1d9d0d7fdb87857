#!/usr/bin/env bash
# Makes ecnn-large_x3: run it from the repository's root, after ecnn-large_x4.sh, whose first run it starts from.
set -euo pipefail
python -m training ecnn --images ../shared/data/train --val ../shared/data/val --licence 'cid22=CC BY-SA 4.0' --licence 'clic2025=Unsplash License' --licence gb82=CC0 --out ../runs/ecnn-large_x3_first --model ecnn-large --scale 3 --layers 11 --steps 3000 --every 500 --round-at 0 --lr 0.008 --seed 4 --init ../runs/ecnn-large_x4_first/checkpoint.pt
python -m training ecnn --images ../shared/data/train --val ../shared/data/val --licence 'cid22=CC BY-SA 4.0' --licence 'clic2025=Unsplash License' --licence gb82=CC0 --out ../runs/ecnn-large_x3 --model ecnn-large --scale 3 --layers 11 --steps 1800 --every 600 --round-at 0 --lr 0.005 --seed 5 --init ../runs/ecnn-large_x3_first/checkpoint.pt
