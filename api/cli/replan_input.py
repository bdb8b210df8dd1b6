"""What happened, from the command line's options."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import InvalidInput

if TYPE_CHECKING:
    from planner.formats.planfile import PlanFile
    from planner.replan.events import Event


def moment(text: str, given: "PlanFile", where: str = "--at") -> datetime:
    """A time of the plan's day, in the day's own zone."""
    start = given.problem.start
    try:
        if "T" in text:
            when = datetime.fromisoformat(text)
            return when if when.tzinfo else when.replace(tzinfo=start.tzinfo)
        clock = datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - joined with the day
    except ValueError as error:
        raise InvalidInput(f"{text!r} is no time", where=where, remedy="write 10:30") from error
    when = datetime.combine(start.date(), clock, tzinfo=start.tzinfo)
    return when if when >= start - timedelta(hours=12) else when + timedelta(days=1)


def fires(given: Sequence[str], sensor: str) -> "list[Event]":
    """Emergencies, each with the sensor.

    Raises:
        InvalidInput: an option that cannot be understood.
    """
    from core.equipment import Sensor
    from core.geo import LonLat
    from planner.replan.events import Emergency

    try:
        wanted = frozenset({Sensor(sensor)})
    except ValueError as error:
        names = ", ".join(sorted(Sensor))
        raise InvalidInput(
            f"{sensor!r} is no sensor", where="--sensor", remedy=f"one of {names}"
        ) from error
    found: list[Event] = []
    for number, text in enumerate(given, 1):
        try:
            lon, lat = (float(part) for part in text.split(","))
            target = LonLat(lon, lat)
        except ValueError as error:
            raise InvalidInput(
                f"{text!r} is no place", where="--fire", remedy="write LON,LAT in degrees"
            ) from error
        name = "fire" if number == 1 else f"fire-{number}"
        found.append(
            Emergency(id=name, target=target, sensors=wanted, what="a fire", what_zh="火情")
        )
    return found


def closures(given: Sequence[str], plan: "PlanFile") -> "list[Event]":
    """Areas that are closed for a time.

    Raises:
        InvalidInput: an option that cannot be understood.
    """
    from planner.problem import Closure

    found: list[Event] = []
    for text in given:
        parts = text.rsplit(",", 2)
        if len(parts) != 3:
            raise InvalidInput(
                f"{text!r} lacks its times", where="--close", remedy="write FILE,10:30,14:00"
            )
        begin, end = (moment(part, plan, "--close") for part in parts[1:])
        if end <= begin:
            raise InvalidInput(
                f"{text!r} ends before it begins", where="--close", remedy="FROM before TO"
            )
        found += [
            Closure(
                id=f"closure-{len(plan.problem.closures) + len(found) + 1}",
                start=begin,
                end=end,
                reason=label or "closed for weather",
                reason_zh=label or "因天气关闭",
                area=shape,
            )
            for label, shape in areas(Path(parts[0]))
        ]
    return found


def failures(given: Sequence[str], plan: "PlanFile") -> "list[Event]":
    """Drones that fail.

    Raises:
        InvalidInput: an option that cannot be understood.
    """
    from planner.replan.events import Lost

    known = {s.id for s in plan.problem.stations}
    for name in given:
        if name not in known:
            raise InvalidInput(f"there is no dock {name}", where="--fail", remedy="a dock's name")
    return [Lost(station=name) for name in given]


def zones(given: Sequence[Path]) -> "list[Event]":
    """No-fly zones that appear.

    Raises:
        InvalidInput: an option that cannot be understood.
    """
    from core.zones import Zone, ZoneKind

    return [
        Zone(
            id=f"{path.stem}-{number}",
            name=label or path.stem,
            name_zh=label or path.stem,
            kind=ZoneKind.TEMPORARY,
            polygon=shape,
        )
        for path in given
        for number, (label, shape) in enumerate(areas(path), 1)
    ]


def cancelled(given: Sequence[str], plan: "PlanFile") -> "list[Event]":
    """Tasks that are no longer wanted.

    Raises:
        InvalidInput: an option that cannot be understood.
    """
    from planner.replan.events import Cancelled

    known = {t.id for t in plan.problem.tasks}
    for name in given:
        if name not in known:
            raise InvalidInput(
                f"there is no task {name} to come", where="--cancel", remedy="a task's name"
            )
    return [Cancelled(task=name) for name in given]


def areas(path: Path) -> list[tuple[str, Any]]:
    """The areas of a file with their names.

    Raises:
        InvalidInput: it cannot be read, or holds anything but areas.
    """
    from planner.formats.files import read_places

    places = read_places(path)
    for place in places:
        if place.geometry.geom_type not in ("Polygon", "MultiPolygon"):
            raise InvalidInput("holds something that is no area", where=str(path), remedy="areas")
    return [(place.name, place.geometry) for place in places]
