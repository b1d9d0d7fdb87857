#!/usr/bin/env bash
# Makes eclut_x4: run it from the repository's root; the images are described in the cards.
set -euo pipefail
python -m training fit --images ../shared/data/train --val ../shared/data/val --scale 4 --expand-shift 4 --free 4 --limits 10 --rounding 6 --flat-weight 64 --model eclut --out ../runs/eclut_x4 --licence 'clic2025=Unsplash License' --licence 'cid22=CC BY-SA 4.0' --licence gb82=CC0 --metrics val=../shared/data/val --metrics Set5=../shared/data/Set5/HR --metrics Set14=../shared/data/Set14/HR
