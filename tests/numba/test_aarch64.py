"""What Arm processors would run: the kernels' portable form, compiled for AArch64 on any machine.

A process of its own generates LLVM code as where numba names no x86 processor, without optimising
it. LLVM then does that for two Arm cores, an old and a new one, and the assembly is read.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import llvmlite.binding as llvm
import pytest

#: Writes the code of four entry points: NAME.ll for each.
PROGRAM = """
import sys
from pathlib import Path
import numpy as np
import lutsr
from lutsr._numba import jit, llvm
from lutsr._eclut import kernels, kernels_deep
from lutsr._stack import engine, kernels as stack_kernels
from lutsr._stack.deep import engine as deep_engine, kernels as deep_kernels

llvm._target = lambda context: ("aarch64-unknown-linux-gnu", "")
for name, model, dtype, entry_point, users in (
    ("eclut", "eclut", np.uint8, kernels.upscale_band, [kernels]),
    ("eclut_deep", "eclut-fast", np.uint16, kernels_deep.upscale_deep_band, [kernels_deep]),
    ("stack", "ecnn-small", np.uint8, stack_kernels.fill_band, [engine]),
    ("stack_deep", "ecnn-small", np.uint16, deep_kernels.fill_deep_band, [deep_engine]),
):
    function = entry_point.py_func
    attribute = next(key for key, value in vars(users[0]).items() if value is entry_point)
    compiled = jit._compile(function, True)
    setattr(users[0], attribute, compiled)
    lutsr.upscale(np.zeros((6, 6, 3), dtype), 4, model=model, channel_axis=-1)
    (code,) = compiled.inspect_llvm().values()
    Path(sys.argv[1], f"{name}.ll").write_text(code)
"""

NAMES = ("eclut", "eclut_deep", "stack", "stack_deep")
TRIPLE = "aarch64-unknown-linux-gnu"

#: Functions of C that LLVM calls by itself, and that numba's own code has everywhere.
ALLOWED = {"memcpy", "memmove", "memset"}


@pytest.fixture(scope="module")
def portable(tmp_path_factory):
    """Return the LLVM code of each entry point, not optimised."""
    folder = tmp_path_factory.mktemp("portable")
    choices = {"NUMBA_OPT": "0", "NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder)],
        cwd=Path(__file__).parents[2],
        env=os.environ | choices | {"NUMBA_CACHE_DIR": str(folder)},
        check=True,
    )
    return {name: (folder / f"{name}.ll").read_text() for name in NAMES}


@pytest.fixture(scope="module")
def target():
    if not hasattr(llvm, "create_pass_builder"):
        pytest.skip("this llvmlite has other passes")
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    try:
        return llvm.Target.from_triple(TRIPLE)
    except RuntimeError:
        pytest.skip("this llvmlite has no AArch64")


def assembly(code, target, cpu):
    machine = target.create_target_machine(cpu=cpu, opt=3)
    code = re.sub(r'target triple = ".*"', f'target triple = "{TRIPLE}"', code)
    layout = f'target datalayout = "{machine.target_data}"'
    code = re.sub(r'target datalayout = ".*"', layout, code)
    module = llvm.parse_assembly(code)
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = options.slp_vectorization = options.loop_unrolling = True
    passes = llvm.create_pass_builder(machine, options)
    passes.getModulePassManager().run(module, passes)
    return machine.emit_assembly(module)


def functions_of(text):
    """Return the instructions of each function, without the wrapper that Python calls."""
    found, name = {}, None
    for line in text.splitlines():
        if label := re.match(r"([_A-Za-z][\w$.]*):", line):
            name = label[1]
            found[name] = []
        elif name and re.match(r"\t[a-z]", line):
            found[name].append([*line.split(None, 1), ""])
    return {name: lines for name, lines in found.items() if not name.startswith("_ZN7cpython")}


def called(lines):
    return {line[1].strip() for line in lines if line[0] in ("bl", "b") and line[1][0] != "."}


@pytest.mark.parametrize("cpu", ["cortex-a76", "apple-m1"])
@pytest.mark.parametrize("name", NAMES)
def test_kernels_compile_for_arm(portable, target, name, cpu):
    assert "llvm.x86" not in portable[name]
    text = assembly(portable[name], target, cpu)
    functions = functions_of(text)
    kernels = {key: lines for key, lines in functions.items() if "lutsr" in key and lines}
    assert kernels
    # Every function that kernels call is one of their own: nothing to find when they are loaded.
    missing = set().union(*map(called, kernels.values())) - set(functions) - ALLOWED
    assert missing == set()
    # Entries are loaded into whole vector registers, and added as words, eight at a time.
    every = [line for lines in kernels.values() for line in lines]
    loads = [line for line in every if line[0] in ("ldr", "ldp", "ldur") and line[1][0] == "q"]
    sums = [line for line in every if re.match(r"v\d+\.(8h|4s), ", line[1])]
    added = {line[0] for line in sums}
    assert len(loads) > 20
    assert added & {"add", "mla", "smlal", "usra", "ssra"}
    assert len(sums) > 50
