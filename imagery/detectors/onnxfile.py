"""Is this an ONNX file, and does it reach outside of its folder?

A reader of the protobuf wire format (protobuf.dev/programming-guides/encoding) that follows just
the fields of onnx.proto through which data outside of the file may be named; nothing is loaded.
"""

from collections.abc import Iterator
from pathlib import Path

from core.errors import InvalidInput

MAX_BYTES = 512 * 1024 * 1024
"""Larger models would not fit beside the photographs in a worker."""

_MODEL_IR, _MODEL_GRAPH, _MODEL_FUNCTIONS = 1, 7, 25
_GRAPH = {1: "node", 5: "tensor", 15: "sparse"}
_NODE = {5: "attribute"}
_ATTRIBUTE = {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"}
_FUNCTION = {7: "node", 11: "attribute"}
_SPARSE = {1: "tensor", 2: "tensor"}
_INSIDE = {
    "graph": _GRAPH,
    "node": _NODE,
    "attribute": _ATTRIBUTE,
    "function": _FUNCTION,
    "sparse": _SPARSE,
}
_EXTERNAL_DATA = 13  # of TensorProto; a StringStringEntryProto: key 1, value 2
_MAX_DEPTH = 40


def check_file(path: Path) -> int:
    """The file's size with all that it names, in bytes.

    Raises:
        InvalidInput: missing, too large, not ONNX, or naming data outside of its folder.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise _too_large(path, size)
        data = path.read_bytes()
    except OSError as error:
        raise InvalidInput(
            f"cannot be read: {error.strerror}", where=path.name, remedy="check path and rights"
        ) from error
    try:
        named = set(_externals(memoryview(data)))
    except (ValueError, IndexError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"is not an ONNX file: {error}", where=path.name, remedy="export the model to ONNX"
        ) from error
    return size + sum(_outside_size(path, name) for name in sorted(named))


def _outside_size(path: Path, name: str) -> int:
    folder = path.parent.resolve()
    target = (folder / name).resolve()
    if not target.is_relative_to(folder) or Path(name).is_absolute():
        raise InvalidInput(
            f"names data outside of its folder: {name[:120]}",
            where=path.name,
            remedy="save the model with its weights inside, or beside it in the same folder",
        )
    if not target.is_file():
        raise InvalidInput(
            f"its weights are missing: {name[:120]}", where=path.name, remedy="copy them beside it"
        )
    size = target.stat().st_size
    if size > MAX_BYTES:
        raise _too_large(path, size)
    return size


def _too_large(path: Path, size: int) -> InvalidInput:
    return InvalidInput(
        f"{size / 2**20:.0f} MiB; at most {MAX_BYTES // 2**20} MiB are loaded",
        where=path.name,
        remedy="export a smaller or quantised model",
    )


def _externals(data: memoryview) -> Iterator[str]:
    """The files that a model names for its tensors."""
    graphs = seen_ir = 0
    for number, kind, value in _fields(data):
        if number == _MODEL_IR and kind == 0:
            seen_ir = 1
        elif number == _MODEL_GRAPH and kind == 2:
            graphs += 1
            yield from _within(value, "graph", 0)
        elif number == _MODEL_FUNCTIONS and kind == 2:
            yield from _within(value, "function", 0)
    if graphs != 1 or not seen_ir:
        raise ValueError("it holds no graph")


def _within(data: memoryview, what: str, depth: int) -> Iterator[str]:
    if depth > _MAX_DEPTH:
        raise ValueError("graphs nested too deep")
    for number, kind, value in _fields(data):
        if kind != 2:
            continue
        if what == "tensor":
            if number == _EXTERNAL_DATA:
                entry = {n: bytes(v).decode() for n, k, v in _fields(value) if k == 2}
                if entry.get(1) == "location":
                    yield entry.get(2, "")
        elif number in _INSIDE[what]:
            yield from _within(value, _INSIDE[what][number], depth + 1)


def _fields(data: memoryview) -> Iterator[tuple[int, int, memoryview]]:
    """(field number, wire type, content) of a message; content is empty for plain numbers."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, kind = tag >> 3, tag & 7
        if number == 0 or kind not in (0, 1, 2, 5):
            raise ValueError(f"wire type {kind} of field {number}")
        begin = at
        if kind == 0:
            _, at = _varint(data, at)
            begin = at
        elif kind == 2:
            length, begin = _varint(data, at)
            at = begin + length
        else:
            at += 8 if kind == 1 else 4
        if at > len(data):
            raise ValueError("it ends too early")
        yield number, kind, data[begin:at]


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number of more than 64 bits")
