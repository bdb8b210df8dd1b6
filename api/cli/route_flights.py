"""From a route to what is flown: over real ground, in sorties that each come home."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import InvalidInput
from core.geo import LonLat
from core.route import Route
from planner.formats.site import Site

if TYPE_CHECKING:
    from core.equipment import VehicleSpec
    from planner.routes.airspace import Airspace
    from planner.routes.one import Answer
    from planner.terrain import Terrain


@dataclass(frozen=True, kw_only=True)
class Field:
    """Where and with what routes are flown; everything may be left out.

    Attributes:
        docks: where sorties begin and end; without any, routes stay whole.
    """

    spec: "VehicleSpec"
    docks: tuple[LonLat, ...]
    terrain: "Terrain | None"
    clearance_m: float
    tolerance_m: float


@dataclass(frozen=True, kw_only=True)
class Made:
    """One route as it is written: the whole answer, or one sortie of it (counted from 1)."""

    answer: "Answer"
    route: Route
    number: int
    sortie: int | None
    seconds: float
    notes: tuple[str, ...] = ()


def field_of(
    vehicle: str | None,
    endurance_min: float | None,
    docks: Sequence[str],
    terrain: Path | None,
    clearance_m: float,
    tolerance_m: float,
) -> Field:
    """The field that the options describe.

    Raises:
        InvalidInput: no such vehicle, a dock that is no place, or a raster that is none.
    """
    from missions.presets import load

    kinds = load("quzhou").kinds
    name = vehicle or next(iter(kinds))
    if name not in kinds:
        raise InvalidInput(
            f"no vehicle {name!r}", where="--vehicle", remedy="known: " + ", ".join(sorted(kinds))
        )
    spec = kinds[name]
    if endurance_min is not None:
        spec = replace(spec, endurance_s=60 * endurance_min)
    ground = None
    if terrain is not None:
        from planner.terrain import Terrain

        ground = Terrain.open(terrain)
    return Field(
        spec=spec,
        docks=tuple(_place(text) for text in docks),
        terrain=ground,
        clearance_m=clearance_m,
        tolerance_m=tolerance_m,
    )


def _place(text: str) -> LonLat:
    from api.cli.route_input import pair

    lon, lat = pair(text, "--dock", "118.87,28.95")
    try:
        return LonLat(lon, lat)
    except ValueError as error:
        raise InvalidInput(str(error), where="--dock", remedy="longitude first") from error


def flights(answer: "Answer", number: int, field: Field, sky: "Airspace") -> list[Made]:
    """What is written of an answer: its route over the ground, whole or in sorties."""
    if not field.docks:
        return [_whole(answer, number, field)]
    from planner.sorties.flown import sorties

    finish = _follower(field)
    wind = answer.ask.wind
    found = sorties(answer.route, field.docks, field.spec, wind=wind, sky=sky, finish=finish)
    return [
        Made(
            answer=answer,
            route=one.route,
            number=number,
            sortie=k,
            seconds=one.seconds,
            notes=(f"photographs {one.first_photo + 1} to {one.last_photo + 1}",),
        )
        for k, one in enumerate(found, 1)
    ]


def _whole(answer: "Answer", number: int, field: Field) -> Made:
    if field.terrain is None:
        return Made(
            answer=answer, route=answer.route, number=number, sortie=None, seconds=answer.seconds
        )
    from core.energy import route_s
    from planner.terrain.follow import followed

    found = followed(
        answer.route,
        field.terrain,
        tolerance_m=field.tolerance_m,
        clearance_m=field.clearance_m,
        spec=field.spec,
    )
    height = f"{found.lowest_m:+.1f} to {found.highest_m:+.1f} m from nominal"
    said = [
        f"{len(found.route.waypoints)} waypoints ({found.naive} one by one), {height}, "
        f"never nearer than {found.clearance_m:.0f} m to the ground"
    ]
    said += [
        f"the ground is too steep at {s.position.lat:.5f} N {s.position.lon:.5f} E: "
        f"{s.above_m:+.0f} m from nominal on {s.length_m:.0f} m"
        for s in found.shortfalls
    ]
    return Made(
        answer=answer,
        route=found.route,
        number=number,
        sortie=None,
        seconds=route_s(found.route, field.spec, answer.ask.wind),
        notes=tuple(said),
    )


def _follower(field: Field) -> Callable[[Route], Route] | None:
    """What makes a sortie follow the ground; None without a terrain."""
    ground = field.terrain
    if ground is None:
        return None
    from planner.terrain.follow import follow

    def over_ground(route: Route) -> Route:
        return follow(
            route,
            ground,
            tolerance_m=field.tolerance_m,
            clearance_m=field.clearance_m,
            spec=field.spec,
        )

    return over_ground


def site(made: Made, field: Field) -> Site:
    """Where a route starts: the dock of a sortie, or its first waypoint."""
    home = made.route.entry
    ground = field.terrain
    height = 0.0 if ground is None else float(ground.height_m(home.lon, home.lat))
    return Site(home=home, home_amsl_m=height, spec=field.spec)
