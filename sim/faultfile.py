"""The faults of a run as a JSON file: a list of entries, or an object with such a list.

    {"faults": [
      {"kind": "gps-drift", "vehicle": "QZ-01", "phase": "survey", "amount": 0.8},
      {"kind": "link-down", "from_s": 300, "to_s": 360},
      {"kind": "door-stuck", "dock": "QZ-02"}
    ]}

The first files had three keys at the top, `upload_loss`, `packet_loss` and `link_down`; they are
understood beside and without the list.
"""

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from core.errors import InvalidInput
from sim.faults import SCALES, Fault, Kind, Phase

REMEDY = "docs/simulation.md lists every fault, its amount and an example"
_NUMBERS = ("from_s", "to_s", "amount")
_NAMES = ("vehicle", "dock")
_FIELDS = ("kind", *_NAMES, *_NUMBERS, "phase")


def load(path: Path) -> tuple[Fault, ...]:
    """Read a faults file.

    Raises:
        InvalidInput: it cannot be read, or an entry is wrong: names the entry and the field.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(
            f"cannot read the faults file: {error.strerror}", where=str(path), remedy=REMEDY
        ) from error
    except ValueError as error:
        raise InvalidInput(f"this is not JSON: {error}", where=str(path), remedy=REMEDY) from error
    try:
        return parse(data)
    except ValueError as error:
        raise InvalidInput(str(error), where=str(path), remedy=REMEDY) from error


def parse(data: Any) -> tuple[Fault, ...]:
    """The faults of a file's contents.

    Raises:
        ValueError: an entry is wrong: names the entry and the field.
    """
    if isinstance(data, list):
        data = {"faults": data}
    if not isinstance(data, Mapping):
        raise ValueError("the file must hold a list of faults, or an object with one")
    unknown = sorted(set(data) - {"faults", "upload_loss", "packet_loss", "link_down"})
    if unknown:
        raise ValueError(f"{unknown[0]}: no such key; write faults: [...]")
    entries = data.get("faults", [])
    if not isinstance(entries, list):
        raise ValueError("faults: not a list")
    listed = tuple(_entry(k, entry) for k, entry in enumerate(entries, start=1))
    return (*_old(data), *listed)


def _old(data: Mapping[str, Any]) -> Iterator[Fault]:
    """The three keys of the first files."""
    for key, kind in (("upload_loss", Kind.UPLOAD_LOSS), ("packet_loss", Kind.LOSS)):
        share = _number(key, data.get(key, 0.0))
        if share:
            yield _made(key, kind=kind, amount=share)
    spans = data.get("link_down", [])
    if not isinstance(spans, list):
        raise ValueError("link_down: not a list of [from_s, to_s]")
    for k, span in enumerate(spans, start=1):
        where = f"link_down {k}"
        if not (isinstance(span, list) and len(span) == 2):
            raise ValueError(f"{where}: not [from_s, to_s]")
        start, end = (_number(where, v) for v in span)
        yield _made(where, kind=Kind.LINK_DOWN, from_s=start, to_s=end)


def _entry(number: int, entry: Any) -> Fault:
    where = f"fault {number}"
    if not isinstance(entry, Mapping):
        raise ValueError(f"{where}: not an object with a kind")
    unknown = sorted(set(entry) - set(_FIELDS))
    if unknown:
        raise ValueError(f"{where}: {unknown[0]}: no such field; there are {', '.join(_FIELDS)}")
    fields: dict[str, Any] = {"kind": _word(f"{where}: kind", entry.get("kind"), Kind)}
    if entry.get("phase") is not None:
        fields["phase"] = _word(f"{where}: phase", entry["phase"], Phase)
    for name in _NUMBERS:
        if entry.get(name) is not None:
            fields[name] = _number(f"{where}: {name}", entry[name])
    for name in _NAMES:
        if entry.get(name) not in (None, "all"):
            fields[name] = _name(f"{where}: {name}", entry[name])
    return _made(where, **fields)


def _made(where: str, **fields: Any) -> Fault:
    try:
        return Fault(**fields)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def _word(where: str, value: Any, words: type[Kind] | type[Phase]) -> Kind | Phase:
    try:
        return words(value)
    except ValueError as error:
        known = ", ".join(sorted(words))
        raise ValueError(f"{where}: {value!r} is none of {known}") from error


def _number(where: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        raise ValueError(f"{where}: {value!r} is no number")
    return float(value)


def _name(where: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"{where}: {value!r} is no name")
    return str(value)


def table() -> list[tuple[str, str, float]]:
    """Every kind with the unit of its amount and the usual amount, for help texts."""
    return [(kind.value, SCALES[kind].unit, SCALES[kind].usual) for kind in Kind]
