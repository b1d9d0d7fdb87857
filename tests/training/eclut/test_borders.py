import numpy as np
import pytest

torch = pytest.importorskip("torch")

from lutsr._eclut.reference import upscale_reference  # noqa: E402
from training.eclut.borders import PATCH, patches_of, whole_sums  # noqa: E402
from training.eclut.constants import MARGIN  # noqa: E402
from training.eclut.grid import evaluate_present, table_from_network  # noqa: E402
from training.eclut.network import SRNet  # noqa: E402
from training.eclut.quantize import pixel_from_sum  # noqa: E402

CASES = [(2, 1), (2, 2), (3, 1), (3, 3), (4, 1), (4, 4)]


@pytest.mark.parametrize(("scale", "shift"), CASES)
@pytest.mark.parametrize("shape", [(5, 6), (2, 3), (1, 4), (1, 1)])
def test_whole_images_equal_the_reference(scale, shift, shape):
    torch.manual_seed(scale)
    net = SRNet(scale, shift, width=8)
    images = torch.randint(0, 256, (2, *shape))
    table = table_from_network(net)
    lut = table.reshape(65536, 9, scale, scale).to(torch.float32)
    sums = whole_sums(images, lut, torch.arange(65536), net.expand)
    for image, found in zip(images, pixel_from_sum(sums), strict=True):
        wanted = upscale_reference(
            image.numpy().astype(np.uint8), table.numpy(), expand_shift=shift
        )
        assert np.array_equal(found.numpy(), wanted)


def test_pairs_of_a_crop_suffice_for_its_patch():
    torch.manual_seed(0)
    net = SRNet(2, 2, width=8)
    crops = torch.randint(0, 256, (3, PATCH + 2 * MARGIN, PATCH + 2 * MARGIN))
    targets = torch.zeros(3, 2 * PATCH, 2 * PATCH)
    patches, wanted = patches_of(crops, targets, 2)
    assert patches.shape == (3, PATCH, PATCH)
    assert wanted.shape == (3, 2 * PATCH, 2 * PATCH)
    with torch.no_grad():
        lut, position, _ = evaluate_present(net, crops)
        found = whole_sums(patches, lut, position, net.expand)
        table = table_from_network(net).reshape(65536, 9, 2, 2).to(torch.float32)
        assert torch.equal(found, whole_sums(patches, table, torch.arange(65536), net.expand))


def test_patches_of_small_crops_are_small():
    crops, targets = torch.zeros(1, 9, 9), torch.zeros(1, 15, 15)
    patches, wanted = patches_of(crops, targets, 3)
    assert patches.shape == (1, 5, 5)
    assert wanted.shape == (1, 15, 15)
