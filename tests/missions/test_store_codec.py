"""Every entity survives the way into a store and back."""

import json
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.equipment import Sensor
from core.errors import InvalidInput
from core.geo import LonLat
from core.route import Route, Waypoint
from missions.entities import Flight
from missions.store import codec, routes
from missions.store.kinds import KINDS

numbers = st.floats(-1e6, 1e6)
places = st.builds(LonLat, st.floats(-180, 180), st.floats(-90, 90))
times = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
plain = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
waypoints = st.builds(
    Waypoint,
    position=places,
    height_m=numbers,
    photo_spacing_m=numbers,
    photo=st.booleans(),
    sensor=st.none() | st.sampled_from(Sensor),
    hold_s=numbers,
    speed_mps=st.none() | numbers,
)
ROUTES = st.builds(lambda w: Route(tuple(w)), st.lists(waypoints, min_size=1, max_size=4))
SIMPLE: dict[Any, st.SearchStrategy[Any]] = {
    str: texts,
    float: numbers,
    int: st.integers(0, 10**9),
    bool: st.booleans(),
    datetime: times,
    date: st.dates(),
    LonLat: places,
    Route: ROUTES,
    Any: plain,
}


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Anything that a field with this type may hold."""
    if hint in SIMPLE:
        return SIMPLE[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is UnionType:
        return st.none() | values(next(a for a in arguments if a is not type(None)))
    if origin is tuple and arguments[-1] is not ...:
        return st.tuples(*map(values, arguments))
    if origin is tuple:
        return st.lists(values(arguments[0]), max_size=3).map(tuple)
    if origin is Mapping:
        return st.dictionaries(texts, values(arguments[1]), max_size=3)
    if issubclass(hint, Enum):
        return st.sampled_from(hint)
    return things(hint)


@cache
def things(cls: Any) -> st.SearchStrategy[Any]:
    return st.builds(cls, **{name: values(hint) for name, hint in get_type_hints(cls).items()})


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_there_and_back(kind: Any, data: st.DataObject) -> None:
    item = data.draw(things(kind.cls))
    text = codec.dumps(item)
    assert json.loads(text)
    assert codec.loads(kind.cls, text) == item


@dataclass(frozen=True, kw_only=True)
class Older:
    id: str
    gone: int = 1


@dataclass(frozen=True, kw_only=True)
class Newer:
    id: str
    fresh: tuple[str, ...] = ("a",)


def test_fields_come_and_go() -> None:
    assert codec.loads(Newer, codec.dumps(Older(id="x"))) == Newer(id="x")


@dataclass(frozen=True, kw_only=True)
class Everything:
    pair: tuple[int, LonLat]
    at: time
    day: date | None
    sensors: frozenset[Sensor]
    words: frozenset[str]
    spots: Mapping[str, LonLat | None]


def test_all_supported_types() -> None:
    item = Everything(
        pair=(1, LonLat(1.0, 2.0)),
        at=time(8, 30),
        day=None,
        sensors=frozenset({Sensor.ZOOM, Sensor.THERMAL}),
        words=frozenset({"b", "a"}),
        spots={"x": LonLat(3.0, 4.0), "y": None},
    )
    assert codec.loads(Everything, codec.dumps(item)) == item


@dataclass(frozen=True, kw_only=True)
class Odd:
    value: int | str


@dataclass(frozen=True, kw_only=True)
class Odder:
    value: complex


@pytest.mark.parametrize("item", [Odd(value=1), Odder(value=1j)])
def test_types_that_cannot_be_told_apart_are_a_programmers_error(item: Any) -> None:
    with pytest.raises(TypeError, match="does not know"):
        codec.dumps(item)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), "half a pair: \ud800"])
def test_what_json_cannot_carry_is_refused(value: Any) -> None:
    with pytest.raises(InvalidInput, match="cannot be stored"):
        codec.to_text({"a": value})


@pytest.mark.parametrize(
    "text", ['{"id": "t"}', '{"id":"t","name":1,"role":"r","department":null,"made_at":"soon"}']
)
def test_a_body_that_was_tampered_with_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="not a TokenRecord"):
        codec.loads(KINDS["tokens"].cls, text)


def test_a_stored_route_is_as_good_as_a_plain_one(make: Any) -> None:
    plain_route = Route(
        (
            Waypoint(position=LonLat(1.0, 2.0), height_m=3.0, photo_spacing_m=10.0),
            Waypoint(position=LonLat(1.1, 2.0), height_m=3.0),
        )
    )
    codec_route = codec.loads(Flight, codec.dumps(make.flight(route=plain_route))).route
    assert codec_route == plain_route
    assert plain_route == codec_route
    assert codec_route != "a route"
    assert {codec_route} == {plain_route}
    assert (codec_route.entry, codec_route.length_m) == (plain_route.entry, plain_route.length_m)
    assert pickle.loads(pickle.dumps(codec_route)) == plain_route  # noqa: S301
    with pytest.raises(AttributeError):
        _ = codec_route.colour  # type: ignore[attr-defined]


def test_a_routes_headings_and_heights_above_the_sea_survive() -> None:
    place = LonLat(118.87, 28.95)
    plain = Waypoint(position=place, height_m=80.0, photo=True, sensor=Sensor.THERMAL)
    turned = Waypoint(position=place, height_m=80.0, heading_deg=90.0, amsl_m=210.5)
    for route in (Route((plain, plain)), Route((plain, turned)), Route((turned,))):
        assert routes.from_text(routes.to_text(route)) == route
