"""Public functions called with arguments of every kind.

Any call returns a result or raises one of the documented errors.
"""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import lutsr

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.integers(),
    st.floats(),
    st.complex_numbers(),
    st.text(max_size=8),
    st.binary(max_size=8),
    st.sampled_from(
        [object(), ..., int, lutsr, b"eclut", "eclut", "eclut-fast", "a.npy", "\0.npy"]
    ),
)
anything = scalars | st.lists(scalars, max_size=3) | st.dictionaries(scalars, scalars, max_size=2)
dtypes = st.sampled_from([*"?bBhHiIlLqQefdgFDGSUOmM", ">u2", ">f4", "u1,u1", "V3"])


@st.composite
def arrays(draw):
    shape = draw(st.lists(st.integers(0, 5), max_size=4))
    array = np.zeros(shape, draw(dtypes))
    if array.dtype.kind == "f" and array.size and draw(st.booleans()):
        array.flat[0] = draw(st.sampled_from([np.nan, np.inf, -1, 1, 2, 255]))
    if draw(st.booleans()):
        array = array.view(draw(st.sampled_from([np.ma.MaskedArray, np.ndarray])))
    if draw(st.booleans()):
        array.flags.writeable = False
    return array.T if draw(st.booleans()) else array[..., ::-1] if array.ndim else array


images = arrays() | anything
OPTIONS = {
    "model": st.sampled_from(["eclut", "eclut-fast"]) | anything,
    "channel_axis": st.one_of(
        st.none(),
        st.integers(-4, 4),
        st.lists(st.integers(-4, 4) | scalars, max_size=3).map(tuple),
        anything,
    ),
    "rgb": st.booleans() | anything,
    "alpha": st.booleans() | anything,
    "preserve_range": st.booleans() | anything,
    "workers": st.none() | st.integers(-1, 4) | anything,
}
OUT = {"out": st.none() | arrays() | anything}
small = st.integers(-1, 12)
# Small ones: shapes that do not fit in memory raise MemoryError, which is tested elsewhere.
output_shapes = st.lists(small | st.floats() | st.text(max_size=2), max_size=4) | scalars


def call(function, *args, **options):
    """Call a function; anything but a result or a documented error fails the test."""
    try:
        function(*args, **options)
    except (ValueError, TypeError, OSError) as error:
        said = str(error)
    else:
        return
    assert said


@settings(max_examples=400)
@given(images, st.integers(1, 5) | anything, st.fixed_dictionaries({}, optional=OPTIONS | OUT))
def test_any_arguments_of_upscale(image, scale, options):
    call(lutsr.upscale, image, scale, **options)


@settings(max_examples=400)
@given(images, st.fixed_dictionaries({}, optional=OPTIONS | OUT))
def test_any_arguments_of_an_upscaler(image, options):
    options.pop("model", None)
    call(lutsr.load("eclut", 2), image, **options)


@settings(max_examples=400)
@given(images, output_shapes, st.fixed_dictionaries({}, optional=OPTIONS))
def test_any_arguments_of_resize(image, output_shape, options):
    call(lutsr.resize, image, output_shape, **options)


@settings(max_examples=400)
@given(anything, anything)
def test_any_arguments_of_load(model, scale):
    call(lutsr.load, model, scale)
