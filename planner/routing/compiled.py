"""What carries the inner loops: Numba's compiler behind one typed decorator.

Compiled code is kept on disk under a name that holds the digest of all kernels: Numba itself looks
at a function's own file only, and would go on using a caller compiled against an older callee.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])

_HERE = Path(__file__).parent


def _digest() -> str:
    """Of every file that holds kernels or what they are compiled with."""
    sha = hashlib.sha256(numba.__version__.encode())
    for file in sorted(_HERE.glob("*.py")):
        text = file.read_bytes()
        if b"compiled import" in text or file.name in ("layout.py", "compiled.py"):
            sha.update(text)
    return sha.hexdigest()[:12]


def _cache() -> str:
    """The folder of compiled code: beside the source where that can be written to."""
    asked = os.environ.get("NUMBA_CACHE_DIR")
    name = f"kernels-{_digest()}"
    places = [Path(asked)] if asked else [_HERE / "__pycache__", Path.home() / ".cache" / "flyonce"]
    for place in places:
        try:
            (place / name).mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(place / name, os.W_OK):
            return str(place / name)
    return tempfile.mkdtemp(prefix="flyonce-kernels-")


_CACHE = _cache()


def kernel(function: F) -> F:
    """Compile at the first call, without the interpreter's lock, and keep the result on disk.

    Kernels make no arrays: without Numba's counting of references to them (`_nrt`) the search is
    twice as fast, and threads do not fight for the counters' cache lines.
    """
    return _compiled(function)


def part(function: F) -> F:
    """As `kernel`, for what only kernels call: made a part of its callers.

    A call would pass every field of the tables and the state, 300 words in all, each time.
    """
    return _compiled(function, forceinline=True)


def maker(function: F) -> F:
    """As `kernel`, for what makes arrays (the bound's lists of trips)."""
    return _compiled(function, _nrt=True)


def _compiled(function: F, **options: bool) -> F:
    settings = vars(numba.config)
    before = settings["CACHE_DIR"]
    settings["CACHE_DIR"] = _CACHE
    try:
        wanted: dict[str, Any] = {"nogil": True, "cache": True, "error_model": "numpy"}
        made = numba.njit(**wanted, **{"_nrt": False, **options})(function)
    finally:
        settings["CACHE_DIR"] = before
    return cast(F, made)
