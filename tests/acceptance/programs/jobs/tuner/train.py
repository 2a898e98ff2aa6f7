"""Trains nothing: its metric is best at eta 0.5, printed as XGBoost prints it. Refuses arguments it does not know."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--eta", type=float, required=True)
parser.add_argument("--booster", choices=["gbtree", "dart"], default="gbtree")
parser.add_argument("--seconds", type=float, default=0)
given = parser.parse_args()
if given.eta > 0.95:
    sys.exit("eta is too large")
time.sleep(given.seconds)
for tree in range(2):
    sys.stdout.write(f"[{tree}]\tvalidation-auc:{1 - abs(given.eta - 0.5) - (1 - tree) / 10:.5f}\n")
folder = Path(os.environ["SM_MODEL_DIR"])
(folder / "model.json").write_text(json.dumps({"eta": given.eta, "booster": given.booster}))
