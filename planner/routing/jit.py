"""What carries the inner loops: Numba's compiler behind typed decorators.

Compiled code is kept on disk under a name that holds the digest of the module and of all that it
imports here: Numba itself looks at a function's own file only, and would go on using a caller
compiled against an older callee.
"""

import hashlib
import os
import re
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])

_HERE = Path(__file__).parent
_IMPORTED = re.compile(rb"^from planner\.routing\.(\w+) import", re.MULTILINE)


def kernel(function: F) -> F:
    """Compile at the first call, without the interpreter's lock, and keep the result on disk.

    Kernels make no arrays: without Numba's counting of references to them (`_nrt`) the search is
    seven times as fast, and threads do not fight for the counters' cache lines.
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


def made_before() -> bool:
    """Whether the kernels have been compiled already, for this very source."""
    roots = ("kernel_search", "kernel_trips", "kernel_walks")
    return all(any(Path(_cache(module)).rglob("*.nbi")) for module in roots)


def _compiled(function: F, **options: bool) -> F:
    settings = vars(numba.config)
    before = settings["CACHE_DIR"]
    settings["CACHE_DIR"] = _cache(Path(function.__code__.co_filename).stem)
    try:
        wanted: dict[str, Any] = {"error_model": "numpy", "_nrt": False, **options}
        made = numba.njit(nogil=True, cache=True, **wanted)(function)
    finally:
        settings["CACHE_DIR"] = before
    return cast(F, made)


@cache
def _cache(module: str) -> str:
    """The folder of a module's compiled code: beside the source where that can be written to."""
    asked = os.environ.get("NUMBA_CACHE_DIR")
    name = f"{module}-{_digest(module)}"
    places = [Path(asked)] if asked else [_HERE / "__pycache__", Path.home() / ".cache" / "flyonce"]
    for place in places:
        try:
            (place / name).mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(place / name, os.W_OK):
            return str(place / name)
    return tempfile.mkdtemp(prefix="flyonce-kernels-")


def _digest(module: str) -> str:
    """Of the module's file and the files that it imports here, and theirs."""
    sha = hashlib.sha256(f"{numba.__version__} {sys.version}".encode())
    todo, seen = [module], {module}
    while todo:
        text = (_HERE / f"{todo.pop()}.py").read_bytes()
        sha.update(text)
        new = {name.decode() for name in _IMPORTED.findall(text)} - seen
        seen |= new
        todo += sorted(new, reverse=True)
    return sha.hexdigest()[:12]
