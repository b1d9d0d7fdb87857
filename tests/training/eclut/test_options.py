import pytest

from training.__main__ import build_parser
from training.cli import given_options
from training.eclut.options import FitOptions, TrainOptions
from training.errors import TrainingError

NEEDED = {"images": "a", "out": "b", "expand_shift": 4}


@pytest.mark.parametrize(("name", "kind"), [("fit", FitOptions), ("train", TrainOptions)])
def test_the_command_has_the_defaults_of_the_options(name, kind):
    arguments = build_parser()[0].parse_args([name, "--images", "a", "--out", "b"])
    arguments.command, arguments.metrics = "", {}
    assert kind(**{**given_options(arguments, kind), **NEEDED}) == kind(**NEEDED)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("free", 0, "free must be at least 1, got 0"),
        ("limits", -1, "limits must be at least 0, got -1"),
        ("borders", -1, "borders must be at least 0, got -1"),
        ("smoothness", float("inf"), "smoothness must be at least 0, got inf"),
        ("expand_shift", 3, "expand_shift must be 1 or the scale 4, got 3"),
        ("scale", 5, "the scale must be 2, 3 or 4, got 5"),
        ("every", 0, "every must be at least 1, got 0"),
        ("device", "tpu", "device must be one of auto, cpu, cuda, got tpu"),
    ],
)
def test_what_cannot_be_is_named(name, value, message):
    with pytest.raises(TrainingError, match=message):
        FitOptions(**{**NEEDED, name: value})
