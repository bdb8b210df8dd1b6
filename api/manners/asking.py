"""What is looked at in every request before its endpoint runs: the query and the body's type.

A mistyped filter that is silently left out shows too much, so that unknown query parameters are
refused. Addresses that follow a standard of their own (STAC, OGC, tus, tiles) are left out: those
standards say what becomes of parameters.
"""

import difflib
from dataclasses import dataclass

from fastapi import params
from fastapi.dependencies.utils import get_flat_params
from fastapi.requests import HTTPConnection
from fastapi.routing import APIRoute

from api.errors import WrongBodyType
from core.errors import InvalidInput

_NOT_FILTERS = frozenset({"token"})
"""Credentials that browsers cannot put into a header."""


async def asked_rightly(request: HTTPConnection) -> None:
    """Refuse unknown query parameters, parameters given twice, and bodies of a wrong type.

    Raises:
        InvalidInput: names the parameter, and the known one that is nearest to it.
        WrongBodyType: the body should be JSON.
    """
    route = request.scope.get("route")
    if request.scope["type"] != "http" or not isinstance(route, APIRoute):
        return
    taken = _TAKEN.get(id(route))
    if taken is None:
        taken = _TAKEN[id(route)] = _taken(route)
    if request.scope["query_string"]:
        _check_query(request, taken)
    if taken.json:
        _check_type(request)


def _check_query(request: HTTPConnection, taken: "_Taken") -> None:
    known, many = taken.known, taken.many
    seen: set[str] = set()
    for name, _ in request.query_params.multi_items():
        if name not in known and name not in _NOT_FILTERS:
            raise InvalidInput(
                f"no such parameter: {name[:60]!r}",
                where=f"?{name[:60]}",
                remedy=_way_out(name, known),
            )
        if name in seen and name not in many:
            raise InvalidInput(f"{name} is given twice", where=f"?{name}", remedy="give it once")
        seen.add(name)


def _way_out(name: str, known: frozenset[str]) -> str:
    if not known:
        return "this address takes no parameters: leave it out"
    near = difflib.get_close_matches(name[:60], known, n=1, cutoff=0.5)
    meant = f"did you mean {near[0]!r}? " if near else ""
    return f"{meant}use {', '.join(sorted(known))}"


@dataclass(frozen=True, slots=True)
class _Taken:
    """What a route takes: query parameters, those that may come several times, a JSON body."""

    known: frozenset[str]
    many: frozenset[str]
    json: bool


_TAKEN: dict[int, _Taken] = {}
"""By the identity of a route; routes live as long as the program."""


def _taken(route: APIRoute) -> _Taken:
    names, many = set(), set()
    for field in get_flat_params(route.dependant):
        if isinstance(field.field_info, params.Query):
            names.add(field.alias)
            if _is_list(field.field_info.annotation):
                many.add(field.alias)
    body = route.body_field
    json = body is not None and not isinstance(body.field_info, params.Form)
    return _Taken(frozenset(names), frozenset(many), json)


def _is_list(annotation: object) -> bool:
    text = str(annotation)
    return any(word in text for word in ("list[", "tuple[", "set[", "Sequence["))


def _check_type(request: HTTPConnection) -> None:
    length = request.headers.get("content-length", "")
    if length in {"", "0"} and "transfer-encoding" not in request.headers:
        return  # no body: what is missing is said field by field
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json")):
        return
    raise WrongBodyType(
        f"a body of type {kind[:60] or 'unknown'!r}; this address takes JSON",
        where="Content-Type",
        remedy="send JSON with 'Content-Type: application/json'",
    )
