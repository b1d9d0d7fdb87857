"""Invented results in the format of the measurements, to check the report."""

import json

import pytest

HEADER = {
    "command": "made up",
    "date": "2030-01-01",
    "machine": "1 core, imaginary",
    "load_at_start": 0.25,
    "versions": {"python": "3.99"},
}


def entry(name, seconds, scale=4, kind="photo", threads=1, into=False):
    return {
        "name": name,
        "scale": scale,
        "kind": kind,
        "threads": threads,
        "into": into,
        "median_s": seconds,
        "min_s": seconds,
        "rounds": 5,
    }


@pytest.fixture
def figures():
    """Return the contents of the files; eclut takes 40 ms, OpenCV's cubic 10 ms."""
    lutsr = ("lutsr eclut", 0.040), ("lutsr eclut-fast", 0.020), ("lutsr ecnn", 0.045)
    timed = [
        entry("OpenCV INTER_CUBIC", 0.010),
        entry("OpenCV INTER_CUBIC", 0.009, into=True),
        entry("Pillow BICUBIC", 0.050),
        entry("scikit-image rescale, order=3", 12.0),
    ]
    for name, seconds in lutsr:
        timed += [
            entry(name, seconds),
            entry(name, seconds / 2, threads=2),
            entry(name, seconds / 4, scale=2),
            entry(name, 3 * seconds, kind="noise"),
            entry(name, seconds / 2, kind="flat"),
        ]
    sizes = ([256, 256], 6.0), ([10_000, 10_000], 5.5)
    scaling = [
        {
            "model": "eclut", "size": size, "workers": workers, "into": into,
            "median_ns": ns / workers, "min_ns": ns / workers, "rounds": 3,
        }
        for size, ns in sizes for workers in (1, 2) for into in (False, True)
    ]  # fmt: skip
    memory = {
        "model": "eclut", "scale": 4, "layout": "planar", "height": 540, "width": 960,
        "workers": 2, "extra_bytes": 3_000_000,
    }  # fmt: skip
    first = {
        "model": "eclut", "no_cache_s": 13.5, "warm_median_s": 0.61, "warm_min_s": 0.6, "rounds": 3,
    }  # fmt: skip
    first = [first, first | {"model": "ecnn"}]
    tables = [
        {
            "model": model, "scale": 4, "median_s": 0.12, "min_s": 0.11, "file_bytes": size,
            "bytes": 29_000_000,
        }
        for model, size in (("eclut", 9_437_312), ("ecnn", 921_728))
    ]  # fmt: skip
    depths = [
        {"model": "ecnn", "dtype": dtype, "median_s": seconds, "min_s": seconds, "rounds": 3}
        for dtype, seconds in (("uint8", 0.045), ("uint16", 0.18), ("float32", 0.36))
    ]
    resizing = [
        {"method": method, "growth": growth, "median_s": s, "min_s": s, "rounds": 3}
        for method, growth, s in (
            ("lutsr eclut", 2.5, 0.036), ("lutsr, no model", 0.4, 0.004),
            ("Pillow LANCZOS", 2.5, 0.045), ("Pillow LANCZOS", 0.4, 0.005),
        )
    ]  # fmt: skip
    batch = [
        {
            "format": "PNG", "count": 20, "height": height, "width": 960, "workers": workers,
            "median_s": seconds, "min_s": seconds, "rounds": 5,
        }
        for height, times in ((640, (9.5, 5.0)), (266, (3.0, 2.5)))
        for workers, seconds in zip((1, 2), times, strict=True)
    ]  # fmt: skip
    psnr = {
        "lutsr ecnn": 28.0, "lutsr ecnn, channels apart": 28.1, "lutsr eclut": 27.1,
        "OpenCV INTER_CUBIC": 26.2, "untimed": 25.0,
    }  # fmt: skip
    quality = [
        {
            "set": folder, "scale": 4, "method": name, "psnr_y": value + more, "ssim_y": 0.7,
            "psnr_rgb": value + more - 1.5, "flat_noise": 0.8,
        }
        for folder, more in (("Set5", 3), ("Set14", 0))
        for name, value in psnr.items()
    ]  # fmt: skip
    originals = [{"set": "Set14", "scale": 4, "method": "original", "flat_noise": 1.01}]
    narrow = [entry("lutsr ecnn", 0.075), entry("Pillow BICUBIC", 0.05)]
    group = {
        "name": "lutsr eclut", "scale": 4, "size": [256, 256], "kind": "photo", "threads": 1,
        "median_s": 0.000789, "min_s": 0.0007, "rounds": 9,
    }  # fmt: skip
    absent = {"SR-LUT S x4": "no tables here"}
    return {
        "compare": {**HEADER, "height": 540, "width": 960, "absent": absent, "entries": timed},
        **{
            cpu: {**HEADER, "height": 540, "width": 960, "absent": {}, "entries": narrow}
            for cpu in ("haswell", "nehalem")
        },
        "writing": {**HEADER, "bytes": 24_900_000, "median_s": 0.00123, "rounds": 25},
        "start": {
            **HEADER,
            "import": {"median_s": 0.0123, "min_s": 0.012, "rounds": 3},
            "first_upscale": first,
            "warmup": {"no_cache_s": 30.0, "warm_median_s": 2.5, "warm_min_s": 2.4},
        },
        "video": {
            **HEADER,
            "entries": [{"model": "ecnn", "frames": 240, "frames_per_second": 37.2}],
        },
        "memory": {**HEADER, "entries": [memory], "missing": None},
        "tables": {**HEADER, "entries": tables},
        "depths": {**HEADER, "entries": depths},
        "resizing": {**HEADER, "entries": resizing},
        "scaling": {**HEADER, "entries": scaling},
        "batch": {**HEADER, "entries": batch},
        "quality": {**HEADER, "entries": quality, "originals": originals},
        "resize": {
            **HEADER,
            "entries": [
                {"set": name, "scale": 2.5, "method": "`lutsr.resize`", "psnr_y": psnr}
                for name, psnr in (("Set5", 33.5), ("Set14", 30.2))
            ],
        },
        "groups": {**HEADER, "note": "Made by hand", "entries": [group]},
    }


@pytest.fixture
def saved(figures, tmp_path):
    """Return a folder that contains them."""
    folder = tmp_path / "results"
    folder.mkdir()
    for name, content in figures.items():
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return folder
