"""Model files: a ``.npy`` file of tables and, beside it, a JSON card that describes them.

Imported inside functions only: it takes as long to import as the rest of lutsr.
"""

from .._modelinfo import ModelInfo
from .card import LONGEST_CARD, Card, read_card
from .model import Model
from .read import read_model
from .shipped import read_shipped, shipped_models, shipped_scales
from .write import write_model

__all__ = [
    "LONGEST_CARD",
    "Card",
    "Model",
    "ModelInfo",
    "read_card",
    "read_model",
    "read_shipped",
    "shipped_models",
    "shipped_scales",
    "write_model",
]
