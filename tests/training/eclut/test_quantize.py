import pytest

torch = pytest.importorskip("torch")

from training.eclut.quantize import (  # noqa: E402
    clamp_through,
    entries_from_maps,
    entry_gain,
    pixel_from_sum,
    snap_maps,
)


def test_gain_is_quarter_grey_levels_over_nine_taps():
    # 9 taps and 4 rotations of equal maps of 1.0 must give white, 255.
    assert entry_gain(0.25) * 9 * 4 / 4 == pytest.approx(255)
    assert entry_gain(0.5) == 2 * entry_gain(0.25)


def test_entries_are_whole_and_fit_int8():
    entries = entries_from_maps(torch.linspace(-9, 9, 1001))
    assert torch.equal(entries, entries.round())
    assert (entries.min(), entries.max()) == (-128, 127)
    assert torch.equal(entries.to(torch.int8).to(torch.float32), entries)


def test_entries_without_rounding_are_exact():
    maps = torch.tensor([-9.0, 0.01, 9.0])
    assert torch.equal(entries_from_maps(maps, rounding=False), maps * entry_gain())


def test_snapped_maps_are_their_own_entries():
    maps = torch.randn(1000) * 3
    snapped = snap_maps(maps)
    assert torch.equal(entries_from_maps(snapped), entries_from_maps(maps))


def test_gradient_passes_inside_and_back_inside_only():
    values = torch.tensor([-200.0, -200.0, 3.4, 200.0, 200.0], requires_grad=True)
    push = torch.tensor([1.0, -1.0, 1.0, 1.0, -1.0])
    (clamp_through(values, -128, 127) * push).sum().backward()
    # Descent moves against the gradient: a positive one lowers the value.
    assert values.grad.tolist() == [0, -1, 1, 1, 0]


def test_rounding_passes_the_gradient():
    maps = torch.tensor([0.013], requires_grad=True)
    entries_from_maps(maps).sum().backward()
    assert maps.grad.item() == pytest.approx(entry_gain())


def test_last_step_adds_two_shifts_by_two_and_clips():
    sums = torch.tensor([-5.0, -2, -1, 1, 2, 5, 6, 1017, 1018, 4000])
    assert pixel_from_sum(sums).tolist() == [0, 0, 0, 0, 1, 1, 2, 254, 255, 255]
