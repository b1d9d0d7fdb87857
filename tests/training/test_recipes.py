"""Every shipped table has a recipe, and its card says the same (last) command."""

import shlex

import pytest

import lutsr_data
from lutsr._modelfile import read_card

from ..conftest import ROOT

RECIPES = ROOT / "training" / "recipes"


def command_of(recipe):
    lines = recipe.read_text(encoding="utf-8").splitlines()
    commands = [line for line in lines if line.startswith("python -m training ")]
    return shlex.split(commands[-1])


@pytest.mark.parametrize("card", lutsr_data.card_paths(), ids=lambda path: path.stem)
def test_the_card_names_the_command_of_the_recipe(card):
    assert shlex.split(read_card(card).fields["command"]) == command_of(RECIPES / f"{card.stem}.sh")


def test_no_recipe_is_without_its_table():
    assert {path.stem for path in RECIPES.glob("*.sh")} == {
        path.stem for path in lutsr_data.card_paths()
    }
