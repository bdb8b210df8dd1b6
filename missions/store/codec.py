"""Frozen dataclasses to JSON-able mappings and back.

An encoder and a decoder are built once for each class from its type hints; after that a field
costs one call. Supported: str, int, float, bool, None, Any, datetime, date, time, StrEnum,
dataclasses, tuple, frozenset, Mapping with string keys, and ``X | None``. A field that a stored
body lacks takes its default; one that the class no longer has is dropped.
"""

import dataclasses
import json
import types
import typing
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union

from core.errors import InvalidInput
from core.route import Route
from missions.store import routes

T = TypeVar("T")
Coder = Callable[[Any], Any]
"""Turns one value; None in its place means "leave it as it is"."""

_PLAIN = (str, int, float, bool, type(None), Any)
_to_text = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False
).encode


def dumps(item: Any) -> str:
    """The JSON text of a dataclass.

    Raises:
        InvalidInput: it holds something that JSON cannot carry, such as NaN or a naive time.
    """
    return to_text(encode(item), where=getattr(item, "id", None))


def to_text(value: Any, *, where: str | None = None) -> str:
    """The JSON text of a JSON-able value.

    Raises:
        InvalidInput: it is none.
    """
    try:
        text = _to_text(value)
        if not text.isascii():
            text.encode()  # half a surrogate pair is no text
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(
            f"cannot be stored: {error}", where=where, remedy="use finite numbers and plain values"
        ) from error
    return text


def from_text(text: str) -> Any:
    """The JSON-able value of a text."""
    return json.loads(text)


def loads(cls: type[T], text: str) -> T:
    """The dataclass of a JSON text."""
    return decode(cls, json.loads(text))


def encode(item: Any) -> dict[str, Any]:
    """A dataclass as a mapping of JSON-able values."""
    result: dict[str, Any] = _encoder(type(item))(item)
    return result


def decode(cls: type[T], body: Mapping[str, Any]) -> T:
    """The dataclass of such a mapping.

    Raises:
        InvalidInput: a field without a default is missing, or a value is impossible.
    """
    try:
        item: T = _decoder(cls)(body)
    except (TypeError, ValueError, KeyError) as error:
        raise InvalidInput(
            f"not a {cls.__name__}: {error}",
            where=str(body.get("id", "")) or None,
            remedy="the stored body was edited by hand or made by another version",
        ) from error
    return item


def _utc_text(value: datetime) -> str:
    if value.tzinfo is not UTC:
        if value.tzinfo is None:
            raise InvalidInput(f"a time without a zone: {value}", remedy="use aware UTC times")
        value = value.astimezone(UTC)
    return value.isoformat()


def _make_encoder(cls: Any) -> Coder:
    if issubclass(cls, Route):
        return routes.to_text
    hints = typing.get_type_hints(cls)
    names = [f.name for f in dataclasses.fields(cls)]
    coders = [(n, c) for n in names if (c := _field_encoder(hints[n])) is not None]

    def run(item: Any) -> dict[str, Any]:
        body = {name: getattr(item, name) for name in names}
        for name, coder in coders:
            value = body[name]
            if value is not None:
                body[name] = coder(value)
        return body

    return run


def _make_decoder(cls: Any) -> Coder:
    if issubclass(cls, Route):
        return routes.from_text
    hints = typing.get_type_hints(cls)
    known = [f.name for f in dataclasses.fields(cls)]
    names = frozenset(known)
    coders = [(n, c) for n in known if (c := _field_decoder(hints[n])) is not None]

    def run(body: Mapping[str, Any]) -> Any:
        values = {name: value for name, value in body.items() if name in names}
        for name, coder in coders:
            value = values.get(name)
            if value is not None:
                values[name] = coder(value)
        return cls(**values)

    return run


_encoder: Callable[[Any], Coder] = cache(_make_encoder)
_decoder: Callable[[Any], Coder] = cache(_make_decoder)


def _split(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """A hint's origin and arguments, with ``X | None`` reduced to X."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        kinds = [a for a in arguments if a is not type(None)]
        if len(kinds) != 1:
            raise TypeError(f"the codec does not know unions such as {hint}")
        return _split(kinds[0])
    return (origin or hint), arguments


def _field_encoder(hint: Any) -> Coder | None:
    kind, arguments = _split(hint)
    if kind in _PLAIN:
        return None
    if kind is datetime:
        return _utc_text
    if kind in (date, time):
        return lambda value: value.isoformat()
    if isinstance(kind, type) and issubclass(kind, Enum):
        return lambda value: value.value
    if dataclasses.is_dataclass(kind):
        return _encoder(kind)
    inner = [_field_encoder(a) for a in arguments if a is not ...]
    if kind is tuple:
        return _tuple_coder(inner, list, repeated=arguments[-1] is ...)
    if kind is frozenset:
        one = inner[0]
        return lambda value: sorted(value if one is None else (one(v) for v in value))
    if isinstance(kind, type) and issubclass(kind, Mapping):
        return _mapping_coder(inner[1]) or dict
    raise TypeError(f"the codec does not know {hint}")


def _field_decoder(hint: Any) -> Coder | None:
    kind, arguments = _split(hint)
    if kind is float:
        return float
    if kind in _PLAIN:
        return None
    if kind in (datetime, date, time):
        parse: Coder = kind.fromisoformat
        return parse
    if isinstance(kind, type) and issubclass(kind, Enum):
        members = {member.value: member for member in kind}
        return members.__getitem__
    if dataclasses.is_dataclass(kind):
        return _decoder(kind)
    inner = [_field_decoder(a) for a in arguments if a is not ...]
    if kind is tuple:
        return _tuple_coder(inner, tuple, repeated=arguments[-1] is ...)
    if kind is frozenset:
        one = inner[0]
        return lambda value: frozenset(value if one is None else map(one, value))
    if isinstance(kind, type) and issubclass(kind, Mapping):
        return _mapping_coder(inner[1])
    raise TypeError(f"the codec does not know {hint}")


def _tuple_coder(inner: list[Coder | None], make: Coder, *, repeated: bool) -> Coder:
    if repeated:
        one = inner[0]
        return make if one is None else (lambda value: make(map(one, value)))
    each = [coder or _same for coder in inner]
    return lambda value: make(c(v) for c, v in zip(each, value, strict=True))


def _mapping_coder(inner: Coder | None) -> Coder | None:
    if inner is None:
        return None
    return lambda value: {k: None if v is None else inner(v) for k, v in value.items()}


def _same(value: Any) -> Any:
    return value
