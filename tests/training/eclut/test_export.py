import hashlib
import json

import numpy as np
import pytest

import lutsr
from lutsr._eclut.reference import upscale_reference
from lutsr._modelfile import read_model

torch = pytest.importorskip("torch")
pytest.importorskip("PIL")
pytest.importorskip("tqdm")

from training.checkpoint import load_checkpoint, save_checkpoint  # noqa: E402
from training.eclut.export import NETWORK, export_checkpoint, make_model  # noqa: E402
from training.eclut.network import SRNet, ensemble  # noqa: E402
from training.eclut.options import ALPHA  # noqa: E402
from training.eclut.quantize import entries_from_maps, pixel_from_sum, snap_maps  # noqa: E402
from training.errors import TrainingError  # noqa: E402
from training.export import Origin, write_with_card  # noqa: E402


@torch.no_grad()
def network(scale, expand_shift):
    """A small network whose entries reach beyond int8, around a middle grey."""
    torch.manual_seed(10 * scale + expand_shift)
    net = SRNet(scale, expand_shift, width=16)
    head = net.head
    pairs = torch.rand(1, 1, 2, 4096)
    channels = net.body[:-1](pairs)[0, :, 0]
    # Entries of mean 14 (14 * 36 / 4 is grey 126) and of a spread that int8 cuts here and there.
    gain = 1.5 / channels.std(dim=1)
    head.weight.mul_(gain[:, None, None, None])
    head.bias.copy_(0.5 - gain * channels.mean(dim=1))
    entries = entries_from_maps(net.maps(pairs), rounding=False)
    assert entries.max() > 127
    assert entries.min() < -128
    return net


@torch.no_grad()
def modelled(net, image):
    """Compute the published forward pass with rounded entries, which the table must reproduce."""
    x = torch.from_numpy(image)[None, None].to(torch.float32) / 255
    grey = 255 * ensemble(lambda turned: net(turned, ALPHA, snap_maps), x)[0, 0]
    return pixel_from_sum(4 * grey).numpy()


@pytest.fixture
def checkpoint(tmp_path):
    def write(net, **changes):
        args = {
            "images": "a",
            "out": "b",
            "scale": net.scale,
            "expand_shift": net.expand.expand_shift,
            "width": 16,
            "alpha": ALPHA,
            "model": "mine",
            "command": "python -m training train",
            "licences": {"a": "CC0"},
        }
        data = [{"name": "a", "images": 2}, {"name": "b", "images": 1}]
        state = {
            "kind": NETWORK,
            "step": 1,
            "seconds": 2.5,
            "commit": "0123abc",
            "args": args | changes,
            "data": data,
            "task": {"net": net.state_dict()},
        }
        save_checkpoint(tmp_path / "checkpoint.pt", state)
        return tmp_path / "checkpoint.pt"

    return write


@pytest.mark.parametrize(("scale", "shift"), [(2, 1), (2, 2), (3, 1), (3, 3), (4, 1), (4, 4)])
def test_exported_table_equals_the_model_to_the_integer(checkpoint, tmp_path, scale, shift):
    net = network(scale, shift)
    path = export_checkpoint(checkpoint(net), tmp_path / "tables")
    lut = read_model(path).tables["lut"]
    upscaler = lutsr.load(path)
    rng = np.random.default_rng(scale)
    for shape in [(1, 1), (1, 7), (6, 1), (2, 2), (3, 5), (17, 12)]:
        image = rng.integers(0, 256, shape, np.uint8)
        wanted = modelled(net, image)
        np.testing.assert_array_equal(upscale_reference(image, lut, expand_shift=shift), wanted)
        np.testing.assert_array_equal(upscaler(image), wanted)
    assert np.count_nonzero((wanted > 0) & (wanted < 255)) > wanted.size / 2


def test_card_says_what_lutsr_needs(checkpoint, tmp_path):
    path = export_checkpoint(checkpoint(network(2, 1)), tmp_path, licences={"b": "CC BY 4.0"})
    assert path.name == "mine_x2.npy"
    card = json.loads((tmp_path / "mine_x2.json").read_text())
    assert card == {
        "format_version": 2,
        "family": "eclut",
        "model": "mine",
        "scale": 2,
        "parameters": {"expand_shift": 1},
        "tables": [{"name": "lut", "offset": 0, "shape": [256, 256, 9, 2, 2], "dtype": "int8"}],
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "trained_on": [
            {"name": "a", "images": 2, "licence": "CC0"},
            {"name": "b", "images": 1, "licence": "CC BY 4.0"},
        ],
        "command": "python -m training train",
        "commit": "0123abc",
        "metrics": {},
        "licence": "BSD-3-Clause",
    }
    lut = np.load(path, allow_pickle=False)
    assert lut.dtype == np.int8
    assert lut.flags.c_contiguous


def test_figures_go_on_the_card(checkpoint, tmp_path, pictures):
    pytest.importorskip("skimage")
    path = export_checkpoint(
        checkpoint(network(2, 2)), tmp_path, model="named", metric_folders={"Mine": str(pictures)}
    )
    card = json.loads((tmp_path / "named_x2.json").read_text())
    assert path.name == "named_x2.npy"
    assert set(card["metrics"]) == {"Mine"}
    assert set(card["metrics"]["Mine"]) == {"psnr_y", "ssim_y"}
    assert card["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_licence_of_an_unknown_set_is_refused(checkpoint, tmp_path):
    with pytest.raises(TrainingError, match=r"no data set 'c' in this run; it has a, b"):
        export_checkpoint(checkpoint(network(2, 1)), tmp_path, licences={"c": "CC0"})


def test_a_checkpoint_of_another_kind_is_refused(checkpoint, tmp_path):
    path = checkpoint(network(2, 1))
    save_checkpoint(path, {**load_checkpoint(path), "kind": "fit of eclut"})
    with pytest.raises(TrainingError, match="is the checkpoint of a fit of eclut, wanted a net"):
        export_checkpoint(path, tmp_path)


def test_wrong_table_is_named():
    with pytest.raises(ValueError, match="dtype of 'lut' is float64, wanted one of int8"):
        make_model("m", np.zeros((2, 2)), 1)


def test_models_are_measured_before_they_are_written(tmp_path, random_lut):
    model = make_model("m", random_lut(2), 2)
    with pytest.raises(TrainingError, match="no such folder of images"):
        write_with_card(tmp_path, model, Origin([], "", ""), {"Mine": str(tmp_path / "none")})
    assert not list(tmp_path.iterdir())
