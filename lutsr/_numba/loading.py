"""Loading numba, which takes a third of a second, so only callers that need kernels do it."""

from __future__ import annotations

import sys
from pathlib import Path

#: Address space to load numba in, with LLVM and the BLAS that it looks for. On two cores 300 MB
#: were enough, and with 256 it hung.
NEEDED_BYTES = 384 << 20


def load_numba() -> bool:
    """Import numba and return whether it compiles; it does not under ``NUMBA_DISABLE_JIT``.

    Raises
    ------
    MemoryError
        If a limit leaves less address space than numba needs.
    """
    check_address_space()
    import numba

    return not getattr(numba.config, "DISABLE_JIT", False)


def check_address_space() -> None:
    """Refuse to load numba into too little address space: it may hang instead of failing.

    Raises
    ------
    MemoryError
        If a limit leaves less than `NEEDED_BYTES`, and numba is not loaded yet.
    """
    if "numba" in sys.modules:
        return
    try:
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (ImportError, OSError):  # no such limit on this system, or no way to read the usage
        return
    left = limit - pages * resource.getpagesize()
    if limit != resource.RLIM_INFINITY and left < NEEDED_BYTES:
        raise MemoryError(
            f"{left >> 20} MB of address space are left, and numba needs up to "
            f"{NEEDED_BYTES >> 20} to load; raise the limit (ulimit -v), or call lutsr.warmup() "
            "before setting it"
        )
