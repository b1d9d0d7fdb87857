import pytest

from training.__main__ import build_parser
from training.eclut.fit.options import FitOptions
from training.errors import TrainingError


def test_the_command_has_the_defaults_of_the_fit():
    given = vars(build_parser().parse_args(["fit", "--images", "a", "--out", "b"]))
    assert {name: given[name] for name in vars(FitOptions())} == vars(FitOptions())


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("free", 0, "free must be at least 1, got 0"),
        ("limits", -1, "limits must be at least 0, got -1"),
        ("borders", -1, "borders must be at least 0, got -1"),
        ("smoothness", float("inf"), "smoothness must be at least 0, got inf"),
        ("device", "tpu", "device must be one of auto, cpu, cuda, got tpu"),
    ],
)
def test_what_cannot_be_is_named(name, value, message):
    with pytest.raises(TrainingError, match=message):
        FitOptions(**{name: value})
