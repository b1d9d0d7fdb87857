#!/usr/bin/env bash
# Makes ecnn-large_x2: run it from the repository's root; the images are described in the cards.
# It starts from the model of that name at commit ea29701, whose recipe is there, and makes its entries finer.
set -euo pipefail
mkdir -p ../runs/before
git show ea29701:lutsr_data/ecnn-large_x2.npy > ../runs/before/ecnn-large_x2.npy
git show ea29701:lutsr_data/ecnn-large_x2.json > ../runs/before/ecnn-large_x2.json
python -m training ecnn --images ../shared/data/train --val ../shared/data/val --licence 'cid22=CC BY-SA 4.0' --licence 'clic2025=Unsplash License' --licence gb82=CC0 --out ../runs/ecnn-large_x2_first --model ecnn-large --scale 2 --layers 11 --steps 2000 --every 1000 --round-at 0 --offset 10 --lr 0.006 --init ../runs/before/ecnn-large_x2.npy
python -m training ecnn --images ../shared/data/train --val ../shared/data/val --licence 'cid22=CC BY-SA 4.0' --licence 'clic2025=Unsplash License' --licence gb82=CC0 --out ../runs/ecnn-large_x2_finer --model ecnn-large --scale 2 --layers 11 --units 32 --excess 0.0001 --steps 3000 --every 1500 --round-at 0 --offset 10 --lr 0.008 --init ../runs/ecnn-large_x2_first/checkpoint.pt
python -m training ecnn --images ../shared/data/train --val ../shared/data/val --licence 'cid22=CC BY-SA 4.0' --licence 'clic2025=Unsplash License' --licence gb82=CC0 --out ../runs/ecnn-large_x2_fine --model ecnn-large --scale 2 --layers 11 --units 32 --excess 0.0001 --steps 3800 --every 3800 --round-at 0 --offset 10 --lr 0.005 --seed 2 --init ../runs/ecnn-large_x2_finer/checkpoint.pt
python -m training ecnn --images ../shared/data/train --val ../shared/data/val --licence 'cid22=CC BY-SA 4.0' --licence 'clic2025=Unsplash License' --licence gb82=CC0 --out ../runs/ecnn-large_x2 --model ecnn-large --scale 2 --layers 11 --units 32 --last-units 16 --excess 0.0001 --steps 24000 --every 4000 --round-at 0 --offset 10 --lr 0.008 --seed 3 --init ../runs/ecnn-large_x2_fine/checkpoint.pt
