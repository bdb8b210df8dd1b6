"""Reads a preset folder and refuses, by file, field and remedy, what does not fit together.

A preset is a folder with preset.yaml (rules), vehicles.yaml, docks.yaml, territory.geojson,
zones.geojson, places.geojson and heights.npy; a folder ``catalog`` in it, when there is one,
replaces the catalogue that FlyOnce ships, and cases.yaml says how the city settles its cases.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import shapely

from core.clearance import conflicts
from core.equipment import CameraSpec, Sensor, VehicleSpec
from core.errors import InvalidInput
from core.geo import HeightGrid, LonLat
from core.zones import Zone
from fleet.address import MAIN, Address, is_link_name
from missions import catalog
from missions.catalog.fields import Fields, read_yaml, unique
from missions.catalog.limits import Limits, load_limits
from missions.catalog.retention import RetentionRules, load_retention
from missions.catalog.signals import SignalRules, load_signals
from missions.entities import Origin
from missions.presets import shapes
from missions.presets.casework import casework
from missions.presets.model import (
    County,
    DemoSettings,
    Dock,
    FilingRules,
    Preset,
    WeatherRules,
    WorkingHours,
)
from missions.presets.watching import rechecks

HERE = Path(__file__).resolve().parent
SENSORS = tuple(s.value for s in Sensor)


def load(name_or_path: str | Path = "quzhou") -> Preset:
    """A shipped preset by its name, or any preset by its folder.

    Raises:
        InvalidInput: naming the file, the field and what to do.
    """
    folder = _folder(name_or_path)
    own = folder / "catalog"
    words = catalog.load(own) if own.is_dir() else catalog.load()
    territory = shapes.territory(folder / "territory.geojson")
    zones = shapes.zones(folder / "zones.geojson")
    kinds = _kinds(read_yaml(folder / "vehicles.yaml"))
    docks = _docks(read_yaml(folder / "docks.yaml"), kinds, territory, zones)
    places = shapes.places(folder / "places.geojson", territory)
    rules = read_yaml(folder / "preset.yaml")
    recheck, own_rules = rechecks(rules.mapping("recheck"), words.event_types)
    cases, event_types = casework(
        folder / "cases.yaml", words.event_types, words.departments, territory
    )
    preset = Preset(
        name=rules.text("name"),
        title=rules.text("title"),
        title_zh=rules.text("title_zh"),
        territory=territory,
        docks=docks,
        kinds=kinds,
        zones=zones,
        places=places,
        heights=_heights(folder / "heights.npy", rules.mapping("heights")),
        departments=words.departments,
        scenarios=words.scenarios,
        event_types=event_types,
        casework=cases,
        filing=_filing(rules.mapping("filing")),
        recheck=recheck,
        rechecks=own_rules,
        calendar=_calendar(rules.mapping("calendar")),
        weather=_weather(rules.mapping("weather")) if rules.has("weather") else WeatherRules(),
        demo=_demo(rules.mapping("demo")),
        attribution=rules.text("attribution"),
        zone_info=_zone_info(rules),
        retention=_retention(own, words.scenarios),
        limits=_limits(own, words),
        signals=_signals(own, words),
    )
    rules.finish()
    return preset


def _retention(own: Path, scenarios: Iterable[str]) -> RetentionRules:
    """The preset's own rules; without a catalogue of its own, those that FlyOnce ships."""
    path = own / "retention.yaml"
    if path.is_file():
        return load_retention(scenarios, path)
    return load_retention(scenarios, strict=not own.is_dir())


def _limits(own: Path, words: catalog.Catalog) -> Limits:
    """The preset's own figures; without any, those that FlyOnce ships."""
    path = own / "limits.yaml"
    if path.is_file():
        return load_limits(words.departments, path)
    return load_limits(words.departments, strict=not own.is_dir())


def _signals(own: Path, words: catalog.Catalog) -> SignalRules:
    """The preset's own rules; without a catalogue of its own, those that FlyOnce ships."""
    path = own / "signals.yaml"
    if path.is_file():
        return load_signals(words.scenarios, words.event_types, path)
    return load_signals(words.scenarios, words.event_types, strict=not own.is_dir())


def _folder(name_or_path: str | Path) -> Path:
    for folder in (Path(name_or_path), HERE / str(name_or_path)):
        if (folder / "preset.yaml").is_file():
            return folder
    shipped = ", ".join(sorted(p.parent.name for p in HERE.glob("*/preset.yaml")))
    raise InvalidInput(
        f"there is no preset {str(name_or_path)!r}",
        where="preset",
        remedy=f"name a shipped one ({shipped}) or a folder with a preset.yaml",
    )


def _kinds(file: Fields) -> Mapping[str, VehicleSpec]:
    found: dict[str, VehicleSpec] = {}
    for f in file.mappings("kinds"):
        one = VehicleSpec(
            id=f.text("id"),
            name=f.text("name"),
            name_zh=f.text("name_zh"),
            vtol=f.yes_or_no("vtol"),
            cruise_mps=f.number("cruise_mps", 1, 100),
            climb_mps=f.number("climb_mps", 0.2, 30),
            descent_mps=f.number("descent_mps", 0.2, 30),
            endurance_s=f.number("endurance_s", 60, 1e6),
            reserve=f.number("reserve", 0, 0.8),
            recharge_s=f.number("recharge_s", 1, 1e6),
            wind_limit_mps=f.number("wind_limit_mps", 1, 60),
            max_height_m=f.number("max_height_m", 10, 6000),
            cameras=_cameras(f),
        )
        f.finish()
        unique(found, one.id, one, f)
    file.finish()
    return found


def _cameras(f: Fields) -> tuple[CameraSpec, ...]:
    found: dict[str, CameraSpec] = {}
    for c in f.mappings("cameras"):
        one = CameraSpec(
            id=c.text("id"),
            sensor=Sensor(c.choice("sensor", SENSORS, "sensor")),
            width_px=c.whole("width_px", 16, 100_000),
            height_px=c.whole("height_px", 16, 100_000),
            hfov_deg=c.number("hfov_deg", 1, 169),
            min_interval_s=c.number("min_interval_s", 0.05, 60),
            stored_scale=c.number("stored_scale", 0.001, 1),
        )
        c.finish()
        unique(found, one.id, one, c)
    return tuple(found.values())


def _docks(
    file: Fields,
    kinds: Mapping[str, VehicleSpec],
    territory: Mapping[str, County],
    zones: tuple[Zone, ...],
) -> tuple[Dock, ...]:
    fields = file.mappings("docks")
    ids: dict[str, Fields] = {}
    numbers: dict[str, Fields] = {}
    for f in fields:
        unique(ids, f.text("id"), f, f)
        address = Address(_link(f), f.whole("system_id", 1, 254))
        unique(numbers, str(address), f, f, "system_id")
    found = []
    for f in fields:
        one = Dock(
            id=f.text("id"),
            system_id=f.whole("system_id", 1, 254),
            link=_link(f),
            name=f.text("name"),
            name_zh=f.text("name_zh"),
            county=f.choice("county", territory, "county"),
            position=_position(f),
            kind=f.choice("kind", kinds, "kind of drone"),
            alternates=f.words("alternates", ids, "dock") if f.has("alternates") else (),
        )
        f.finish()
        _check_place(f, one, territory, zones)
        found.append(one)
    file.finish()
    return tuple(found)


def _link(f: Fields) -> str:
    """On which link the dock's drone is reached: the main one unless it says otherwise."""
    name = f.text("link") if f.has("link") else MAIN
    if not is_link_name(name):
        f.fail("link", f"{name!r} names no link", "use lower-case letters, digits, - and _")
    return name


def _position(f: Fields) -> LonLat:
    values = f.items("position")
    if len(values) != 2 or not all(isinstance(v, int | float) for v in values):
        f.fail("position", f"{values!r} is no place", "write [longitude, latitude] in degrees")
    try:
        return LonLat(float(values[0]), float(values[1]))
    except ValueError as error:
        f.fail("position", str(error), "write [longitude, latitude] in degrees")


def _check_place(
    f: Fields, dock: Dock, territory: Mapping[str, County], zones: tuple[Zone, ...]
) -> None:
    """Refuse a dock outside its county, inside a zone's buffer, or its own alternate."""
    point = shapely.Point(dock.position.lon, dock.position.lat)
    if not territory[dock.county].polygon.covers(point):
        f.fail("position", f"lies outside {dock.county}", "check the order longitude, latitude")
    for conflict in conflicts([dock.position], zones, height_m=1000.0):
        f.fail(
            "position",
            f"lies {max(conflict.distance_m, 0):.0f} m from the no-fly zone {conflict.zone.id} "
            f"({conflict.zone.name}); {conflict.required_m:.0f} m are required",
            "move the dock out of the zone and its buffer",
        )
    if dock.id in dock.alternates:
        f.fail("alternates", f"{dock.id} names itself", "name other docks")


def _heights(path: Path, f: Fields) -> HeightGrid:
    where, remedy = path.name, "make it again with scripts/make_quzhou_heights.py"
    try:
        values = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InvalidInput(f"cannot be read: {error}", where=where, remedy=remedy) from error
    if values.ndim != 2 or min(values.shape) < 2 or values.dtype.kind not in "if":
        raise InvalidInput(
            f"holds {values.dtype} {values.shape}, not a grid of heights",
            where=where,
            remedy=remedy,
        )
    grid = HeightGrid(
        west=f.number("west", -180, 180),
        south=f.number("south", -90, 90),
        step=f.number("step", 1e-5, 1),
        heights_m=values.astype(float),
    )
    f.finish()
    return grid


def _filing(f: Fields) -> FilingRules:
    rules = FilingRules(
        cutoff=f.clock_time("cutoff"),
        emergency_answer_min=f.number("emergency_answer_min", 0, 24 * 60),
        emergency_for=frozenset(f.words("emergency_for", tuple(Origin), "origin"))
        if f.has("emergency_for")
        else None,
        warn_min=f.number("warn_min", 0, 12 * 60) if f.has("warn_min") else 30.0,
    )
    f.finish()
    return rules


def _weather(f: Fields) -> WeatherRules:
    low, high = f.number("coldest_c", -60, 20), f.number("hottest_c", 20, 60)
    rules = WeatherRules(
        rain_mmph=f.number("rain_mmph", 0, 100),
        visibility_m=f.number("visibility_m", 0, 20_000),
        temperature_c=(low, high),
    )
    f.finish()
    return rules


def _calendar(f: Fields) -> WorkingHours:
    spans = f.spans("hours")
    calendar = WorkingHours(
        hours=spans,
        weekdays=tuple(int(d) for d in f.words("weekdays", map(str, range(7)), "weekday")),
        holidays=f.dates("holidays") if f.has("holidays") else frozenset(),
        workdays=f.dates("workdays") if f.has("workdays") else frozenset(),
    )
    both = sorted(calendar.holidays & calendar.workdays)
    if both:
        f.fail("workdays", f"{both[0]} is also a holiday", "decide which it is")
    f.finish()
    return calendar


def _demo(f: Fields) -> DemoSettings:
    window = f.items("first_fire_min")
    if len(window) != 2 or not all(isinstance(v, int | float) for v in window):
        f.fail("first_fire_min", f"{window!r} are no two numbers", "write [from, to] in minutes")
    settings = DemoSettings(
        start=f.instant("start").astimezone(UTC),
        day_hours=f.number("day_hours", 0.5, 24),
        speed=f.number("speed", 0.1, 10_000),
        seed=f.whole("seed", 0, 2**31 - 1),
        jpeg_quality=f.whole("jpeg_quality", 1, 95),
        fires=f.whole("fires", 0, 1000),
        first_fire_min=(float(window[0]), float(window[1])),
    )
    f.finish()
    return settings


def _zone_info(f: Fields) -> ZoneInfo:
    name = f.text("zone_info")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        f.fail("zone_info", f"unknown time zone {name!r}", "use an IANA name: Asia/Shanghai")
