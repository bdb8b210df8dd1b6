"""A small JSON Schema checker: the keywords that case.schema.json uses, and no others.

type, const, enum, pattern, format (date-time), minimum, maximum, items, properties, required,
additionalProperties: false, oneOf. An unknown keyword is refused, so that a schema never says more
than is checked.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}
_WORDS = frozenset({"$schema", "$id", "title", "description"})


def faults(value: Any, schema: Mapping[str, Any], where: str = "") -> Iterator[str]:
    """What of a value is not as the schema says, each with its place."""
    for word, rule in schema.items():
        if word in _WORDS:
            continue
        check = _CHECKS.get(word)
        if check is None:
            yield f"{where or 'the schema'}: unknown keyword {word!r}"
        else:
            yield from check(value, rule, where, schema)


def _type(value: Any, rule: Any, where: str, _: Any) -> Iterator[str]:
    names = rule if isinstance(rule, list) else [rule]
    if not any(_is(value, name) for name in names):
        yield f"{where}: {_short(value)} is no {' or '.join(names)}"


def _is(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, _TYPES[name])


def _const(value: Any, rule: Any, where: str, _: Any) -> Iterator[str]:
    if value != rule:
        yield f"{where}: {_short(value)} is not {rule!r}"


def _enum(value: Any, rule: Any, where: str, _: Any) -> Iterator[str]:
    if value not in rule:
        yield f"{where}: {_short(value)} is none of {', '.join(map(str, rule))}"


def _pattern(value: Any, rule: str, where: str, _: Any) -> Iterator[str]:
    if isinstance(value, str) and re.search(rule, value) is None:
        yield f"{where}: {_short(value)} does not look like {rule}"


def _format(value: Any, rule: str, where: str, _: Any) -> Iterator[str]:
    if not isinstance(value, str) or rule != "date-time":
        return
    try:
        datetime.fromisoformat(value)
    except ValueError:
        yield f"{where}: {_short(value)} is no time"


def _minimum(value: Any, rule: float, where: str, _: Any) -> Iterator[str]:
    if _is(value, "number") and value < rule:
        yield f"{where}: {value} is below {rule}"


def _maximum(value: Any, rule: float, where: str, _: Any) -> Iterator[str]:
    if _is(value, "number") and value > rule:
        yield f"{where}: {value} is above {rule}"


def _items(value: Any, rule: Any, where: str, _: Any) -> Iterator[str]:
    for n, item in enumerate(value if isinstance(value, list) else ()):
        yield from faults(item, rule, f"{where}[{n}]")


def _properties(value: Any, rule: Any, where: str, _: Any) -> Iterator[str]:
    for name, inner in rule.items():
        if isinstance(value, dict) and name in value:
            yield from faults(value[name], inner, f"{where}.{name}".lstrip("."))


def _required(value: Any, rule: Any, where: str, _: Any) -> Iterator[str]:
    for name in rule:
        if isinstance(value, dict) and name not in value:
            yield f"{where or 'line'}: {name} is missing"


def _additional(value: Any, rule: Any, where: str, schema: Mapping[str, Any]) -> Iterator[str]:
    for name in value if isinstance(value, dict) and rule is False else ():
        if name not in schema.get("properties", {}):
            yield f"{where or 'line'}: unknown field {str(name)[:40]!r}"


def _one_of(value: Any, rule: Any, where: str, _: Any) -> Iterator[str]:
    """The faults of the form that comes nearest."""
    found = [list(faults(value, form, where)) for form in rule]
    if sum(not f for f in found) != 1:
        yield from min(found, key=len) or [f"{where or 'line'}: fits several forms"]


def _short(value: Any) -> str:
    return repr(value)[:60]


_CHECKS = {
    "type": _type,
    "const": _const,
    "enum": _enum,
    "pattern": _pattern,
    "format": _format,
    "minimum": _minimum,
    "maximum": _maximum,
    "items": _items,
    "properties": _properties,
    "required": _required,
    "additionalProperties": _additional,
    "oneOf": _one_of,
}
