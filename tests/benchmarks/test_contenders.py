"""Every method upscales its input, by the calls that are timed."""

import numpy as np
import pytest

from benchmarks import images
from benchmarks.contenders import CONTENDERS, FSRCNN_VARIABLE
from benchmarks.quality import upscale_with
from training.evaluation.metrics import psnr_y

SCALES = (2, 3, 4)
FSRCNN = "OpenCV DNN FSRCNN"


def able(name, scale):
    reason = CONTENDERS[name].missing(scale)
    if reason:
        pytest.skip(reason)
    return CONTENDERS[name]


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", [name for name in CONTENDERS if name != FSRCNN])
def test_result_is_the_upscaled_image(name, scale):
    contender = able(name, scale)
    image = images.photograph(20, 31)
    results = []
    for threads in contender.threads:
        call = contender.make(image, scale, threads, None)
        call.prepare()
        results.append(call.pixels(call.run()))
        assert results[-1].shape == (20 * scale, 31 * scale, 3)
        assert results[-1].dtype == np.uint8
        assert np.array_equal(results[-1], results[0])
    # Close to the input repeated, so it is the same image with its channels in order.
    assert psnr_y(results[0], image.repeat(scale, axis=0).repeat(scale, axis=1), scale) > 22


@pytest.mark.parametrize("name", [name for name in CONTENDERS if CONTENDERS[name].into])
def test_result_is_written_where_it_was_asked_for(name):
    able(name, 4)
    image = images.photograph(20, 31)
    want = CONTENDERS[name].make(image, 4, 1, None).run()
    out = np.zeros((80, 124, 3), np.uint8)
    call = CONTENDERS[name].make(image, 4, 1, out)
    call.prepare()
    assert np.shares_memory(call.run(), out)
    assert np.array_equal(out, want)


def test_quality_goes_through_the_timed_calls():
    image = images.photograph(20, 31)
    want = CONTENDERS["lutsr eclut"].make(image, 4, 1, None).run()
    assert np.array_equal(upscale_with("lutsr eclut", 4)(image), want)


def test_fsrcnn_says_what_it_needs(monkeypatch):
    missing = CONTENDERS[FSRCNN].missing
    monkeypatch.delenv(FSRCNN_VARIABLE, raising=False)
    assert "LUTSR_FSRCNN is not set" in missing(4)
    monkeypatch.setenv(FSRCNN_VARIABLE, "models/FSRCNN_x4.pb")
    assert missing(4) is None
    assert "names FSRCNN_x4.pb, and the scale is 3" in missing(3)
    with pytest.raises(FileNotFoundError, match=r"FSRCNN_x4\.pb: no such model file"):
        CONTENDERS[FSRCNN].make(images.photograph(8, 8), 4, 1, None)


def test_fsrcnn_upscales(shared, monkeypatch):
    model = shared / "peers" / "fsrcnn" / "FSRCNN_x4.pb"
    if not model.is_file():
        pytest.skip("needs ../shared/peers/fsrcnn/FSRCNN_x4.pb")
    monkeypatch.setenv(FSRCNN_VARIABLE, str(model))
    test_result_is_the_upscaled_image(FSRCNN, 4)


@pytest.mark.parametrize("kind", images.KINDS)
def test_images_have_any_size_and_do_not_change(kind):
    first, again = images.make(kind, 700, 41), images.make(kind, 700, 41)
    assert first.shape == (700, 41, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)


def test_other_kinds_are_refused():
    with pytest.raises(ValueError, match="kind: got 'cartoon', wanted one of photo"):
        images.make("cartoon", 4, 4)
