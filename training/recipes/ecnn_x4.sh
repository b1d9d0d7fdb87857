#!/usr/bin/env bash
# Makes ecnn_x4: run it from the repository's root; the images are described in the cards.
# The second run continues the first one with a weaker penalty.
set -euo pipefail
python -m training ecnn --images ../shared/data/train --val ../shared/data/val --licence 'cid22=CC BY-SA 4.0' --licence 'clic2025=Unsplash License' --licence gb82=CC0 --out ../runs/ecnn_x4_first --model ecnn --scale 4 --layers 6 --steps 30000 --every 1000 --excess 0.0002
python -m training ecnn --images ../shared/data/train --val ../shared/data/val --licence 'cid22=CC BY-SA 4.0' --licence 'clic2025=Unsplash License' --licence gb82=CC0 --out ../runs/ecnn_x4 --model ecnn --scale 4 --layers 6 --steps 10000 --every 1000 --round-at 0 --lr 0.005 --excess 0.00001 --seed 3 --init ../runs/ecnn_x4_first/checkpoint.pt
