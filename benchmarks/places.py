"""Where the files are that measurements need."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
#: What authors of other methods have published. It is not part of the repository.
PEERS = SHARED / "peers"
