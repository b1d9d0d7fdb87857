#!/usr/bin/env bash
# Makes a network like ecnn-large_x4; not the shipped table, whose run outlived several versions of
# the code: it was trained by Adam, its offset was 1 up to step 32,000 and its crops 16 of 64 x 64 up to
# step 33,000, its penalty 20 times weaker from step 41,000 on, and it ended at step 54,000.
# Run it from the repository's root, after ecnn_x4.sh, whose body it starts from.
set -euo pipefail
python -m training ecnn --images ../shared/data/train --val ../shared/data/val --licence 'cid22=CC BY-SA 4.0' --licence 'clic2025=Unsplash License' --licence gb82=CC0 --out ../runs/ecnn-large_x4 --model ecnn-large --scale 4 --layers 9 --steps 54000 --every 1000 --lr 0.01 --init ../runs/ecnn_x4/checkpoint.pt
