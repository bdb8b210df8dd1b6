"""Fills a world by seed: fires, hot and cold spots, ordinary warm things, visible truths."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from core.equipment import Sensor
from sim.earth import moved
from sim.fires import Fire
from sim.things import Shape
from sim.world import EventKind, Place, World

MINUTE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """Something that stays where it is.

    Attributes:
        excess_k: how much warmer than the plain ground; None if it does not differ.
        at_least_c: a temperature that it has in any case; None for none.
        from_s, until_s: when it is there; None for "to the end".
    """

    id: str
    kind: str
    event_type: str | None
    lon: float
    lat: float
    radius_m: float
    excess_k: float | None = None
    at_least_c: float | None = None
    bgr: tuple[int, int, int] | None = None
    shape: Shape = Shape.DISC
    from_s: float = 0.0
    until_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How many things of a kind, where, how large and how hot."""

    kind: str
    words: tuple[str, ...]
    places: tuple[str, ...]
    count: tuple[int, int]
    radius_m: tuple[float, float]
    excess_k: tuple[float, float] | None
    at_least_c: tuple[float, float] | None = None
    bgr: tuple[int, int, int] | None = None
    hours: tuple[float, float] = (0.0, 0.0)
    """From when on, hours after the start, by chance."""


EVENTS: tuple[Recipe, ...] = (
    Recipe(
        kind="hot joint",
        words=("power equipment", "overheated"),
        places=("substation",),
        count=(8, 12),
        radius_m=(0.5, 0.9),
        excess_k=(45.0, 75.0),
        at_least_c=(72.0, 105.0),
    ),
    Recipe(
        kind="hot module",
        words=("module", "solar"),
        places=("solar",),
        count=(6, 9),
        radius_m=(0.7, 1.1),
        excess_k=(25.0, 45.0),
        at_least_c=(58.0, 75.0),
    ),
    Recipe(
        kind="straw burning",
        words=("straw", "burning"),
        places=("field_watch", "farmland", "cemetery"),
        count=(4, 7),
        radius_m=(1.5, 4.0),
        excess_k=(200.0, 450.0),
        bgr=(60, 90, 150),
        hours=(0.0, 2.0),
    ),
    Recipe(
        kind="warm outfall",
        words=("outfall",),
        places=("outfall", "river"),
        count=(3, 5),
        radius_m=(4.0, 7.0),
        excess_k=(6.0, 10.0),
        bgr=(90, 110, 80),
    ),
    Recipe(
        kind="seepage",
        words=("seepage",),
        places=("dam",),
        count=(1, 3),
        radius_m=(2.5, 4.5),
        excess_k=(-8.0, -6.0),
    ),
    Recipe(
        kind="self-heating heap",
        words=("self-heating",),
        places=("landfill", "coal_yard"),
        count=(2, 4),
        radius_m=(1.5, 3.0),
        excess_k=(35.0, 50.0),
        at_least_c=(65.0, 85.0),
    ),
    Recipe(
        kind="hot works",
        words=("heat from works",),
        places=("industrial",),
        count=(1, 2),
        radius_m=(1.5, 2.5),
        excess_k=(90.0, 140.0),
    ),
    Recipe(
        kind="embers",
        words=("ember",),
        places=("burnt_area",),
        count=(1, 3),
        radius_m=(0.6, 1.0),
        excess_k=(60.0, 100.0),
    ),
    Recipe(
        kind="person in danger",
        words=("person in danger",),
        places=("scenic", "reservoir", "hazard_slope"),
        count=(1, 3),
        radius_m=(0.4, 0.5),
        excess_k=(9.0, 12.0),
        bgr=(60, 60, 200),
    ),
)

ORDINARY: tuple[Recipe, ...] = (
    Recipe(
        kind="vehicle",
        words=(),
        places=("road", "town", "village", "industrial"),
        count=(60, 70),
        radius_m=(1.2, 2.2),
        excess_k=(5.0, 12.0),
        bgr=(200, 200, 205),
    ),
    Recipe(
        kind="roof",
        words=(),
        places=("village", "town", "school", "livestock"),
        count=(60, 70),
        radius_m=(3.0, 8.0),
        excess_k=(4.0, 11.0),
        bgr=(90, 96, 165),
    ),
    Recipe(
        kind="rock",
        words=(),
        places=("forest", "forest_watch", "quarry", "hazard_slope", "burnt_area"),
        count=(40, 50),
        radius_m=(0.6, 2.0),
        excess_k=(5.0, 14.0),
        bgr=(165, 165, 168),
    ),
    Recipe(
        kind="person",
        words=(),
        places=("village", "town", "farmland", "plaza"),
        count=(15, 25),
        radius_m=(0.3, 0.35),
        excess_k=(6.0, 9.0),
        bgr=(70, 80, 120),
    ),
    Recipe(
        kind="chimney",
        words=(),
        places=("industrial",),
        count=(6, 10),
        radius_m=(0.8, 1.5),
        excess_k=(20.0, 38.0),
        bgr=(110, 110, 115),
    ),
)

VISIBLE_PLACES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("encroach", ("river", "reservoir")),
    ("floating", ("river", "reservoir")),
    ("abnormal water", ("river", "outfall")),
    ("sand", ("river",)),
    ("bathing", ("swim_spot", "river")),
    ("illegal building", ("land_spot", "village", "reserve")),
    ("soil", ("construction",)),
    ("building site", ("construction",)),
    ("construction waste", ("waste_spot", "construction")),
    ("blocked road", ("junction", "road")),
    ("road surface", ("road", "bridge")),
    ("dump truck", ("road", "construction")),
    ("slide on a road", ("road", "hazard_slope")),
    ("farmland", ("farmland",)),
    ("mining", ("quarry",)),
    ("logging", ("forest", "reserve")),
    ("pine", ("forest",)),
    ("rubbish", ("waste_spot", "village")),
    ("smoke", ("industrial", "quarry")),
    ("corridor", ("power_line",)),
    ("slope", ("hazard_slope",)),
    ("flooded", ("flood_point", "road")),
    ("crowd", ("plaza", "school", "scenic")),
    ("monument", ("heritage", "ancient_village")),
)
"""Where a visible truth stands, by words in the name of its event type."""

LOOKS: tuple[tuple[tuple[int, int, int], Shape], ...] = (
    ((40, 40, 220), Shape.BOX),
    ((220, 120, 40), Shape.BOX),
    ((60, 220, 235), Shape.DISC),
    ((200, 60, 190), Shape.CROSS),
    ((235, 235, 235), Shape.BOX),
    ((30, 30, 30), Shape.DISC),
)


def things(world: World) -> list[Thing]:
    """Everything that stays where it is."""
    rng = np.random.default_rng([world.seed, 91])
    found: list[Thing] = []
    for recipe in EVENTS:
        code = event_code(world.event_kinds, recipe.words)
        if code is not None:
            found += _cook(world, recipe, code, rng, len(found))
    for recipe in ORDINARY:
        found += _cook(world, recipe, None, rng, len(found))
    return found + _visible_truths(world, rng, len(found))


def fires(world: World) -> list[Fire]:
    """The fires of the day: a few early ones, later ones by chance, one of the early flares up."""
    rng = np.random.default_rng([world.seed, 92])
    places = [p for p in world.places if p.kind == "forest_watch"]
    places = places or [p for p in world.places if p.kind == "forest"]
    if not places:
        return []
    first, last = (float(m) for m in world.demo.get("first_fire_min") or (5.0, 25.0))
    early = int(world.demo.get("fires") or rng.integers(2, 4))
    minutes = sorted(rng.uniform(first, last, early).tolist())
    later = 60.0
    while (later := later + float(rng.exponential(150.0))) < 12 * 60:
        minutes.append(later)
    again = int(rng.integers(0, early))
    order = rng.permutation(len(places))
    return [
        _fire(world, places[order[k % len(places)]], k, minute, k == again, rng)
        for k, minute in enumerate(minutes)
    ]


def event_code(kinds: Iterable[EventKind], words: Sequence[str]) -> str | None:
    """Code of the thermal event type whose name holds one of the words, the earliest word first."""
    thermal = [k for k in kinds if k.detector == "thermal"]
    for word in words:
        for kind in thermal:
            if word in kind.name.lower():
                return kind.code
    return None


def fire_codes(kinds: Iterable[EventKind]) -> frozenset[str]:
    """Event types to which a fire crew goes."""
    words = ("forest fire", "ember", "re-ignition")
    return frozenset(k.code for k in kinds if any(w in k.name.lower() for w in words))


def _fire(
    world: World, place: Place, k: int, minute: float, again: bool, rng: np.random.Generator
) -> Fire:
    lon, lat = point_in(place.geometry, rng, 0.0)
    return Fire(
        id=f"fire-{k + 1}",
        lon=lon,
        lat=lat,
        altitude_m=float(world.ground.height_m(lon, lat)),
        place=place.id,
        ignites_s=minute * MINUTE,
        cooling_s=float(rng.uniform(20.0, 40.0)) * MINUTE,
        reignites_after_s=float(rng.uniform(9.0, 16.0)) * MINUTE if again else None,
        seed=world.seed * 100 + k,
    )


def _cook(
    world: World, recipe: Recipe, code: str | None, rng: np.random.Generator, so_far: int
) -> list[Thing]:
    places = [p for p in world.places if p.kind in recipe.places]
    first = [p for p in places if p.kind == recipe.places[0]]
    if not places:
        return []
    made = []
    for k in range(int(rng.integers(recipe.count[0], recipe.count[1] + 1))):
        pool = first if first and code is not None and k % 3 != 2 else places
        place = pool[int(rng.integers(len(pool)))]
        lon, lat = point_in(place.geometry, rng, place.width_m)
        made.append(
            Thing(
                id=f"thing-{so_far + k + 1}",
                kind=recipe.kind,
                event_type=code,
                lon=lon,
                lat=lat,
                radius_m=float(rng.uniform(*recipe.radius_m)),
                excess_k=float(rng.uniform(*recipe.excess_k)) if recipe.excess_k else None,
                at_least_c=float(rng.uniform(*recipe.at_least_c)) if recipe.at_least_c else None,
                bgr=recipe.bgr,
                from_s=float(rng.uniform(*recipe.hours)) * 3600.0,
            )
        )
    return made


def _visible_truths(world: World, rng: np.random.Generator, so_far: int) -> list[Thing]:
    """Some of every event type that an officer, a change or a model finds; about sixty."""
    made: list[Thing] = []
    kinds = [k for k in world.event_kinds if k.detector != "thermal" and k.sensor != Sensor.THERMAL]
    for number, kind in enumerate(kinds):
        name = kind.name.lower()
        wanted = next((places for word, places in VISIBLE_PLACES if word in name), ())
        pool = [p for p in world.places if p.kind in wanted] or list(world.places)
        bgr, shape = LOOKS[number % len(LOOKS)]
        for _ in range(int(rng.integers(2, 4))):
            if not pool:
                break
            place = pool[int(rng.integers(len(pool)))]
            lon, lat = point_in(place.geometry, rng, place.width_m * 0.5)
            appears = float(rng.uniform(0.0, 6.0)) * 3600.0
            made.append(
                Thing(
                    id=f"thing-{so_far + len(made) + 1}",
                    kind=kind.name,
                    event_type=kind.code,
                    lon=lon,
                    lat=lat,
                    radius_m=float(rng.uniform(2.5, 7.0)),
                    bgr=bgr,
                    shape=shape,
                    from_s=appears if kind.detector == "change" and rng.random() < 0.6 else 0.0,
                )
            )
    return made


def point_in(geometry: object, rng: np.random.Generator, width_m: float) -> tuple[float, float]:
    """A random point: inside a polygon, along a line within its width, at one of the points."""
    parts = shapely.get_parts(geometry)
    part = parts[int(rng.integers(len(parts)))]
    if part.geom_type == "Polygon":
        west, south, east, north = part.bounds
        for _ in range(200):
            point = shapely.Point(rng.uniform(west, east), rng.uniform(south, north))
            if part.contains(point):
                return point.x, point.y
        middle = part.representative_point()
        return middle.x, middle.y
    if part.geom_type == "LineString":
        point = part.interpolate(float(rng.uniform()), normalized=True)
        side = rng.uniform(-0.35, 0.35, 2) * width_m
        return moved(point.x, point.y, float(side[0]), float(side[1]))
    jitter = rng.uniform(-3.0, 3.0, 2)
    return moved(part.x, part.y, float(jitter[0]), float(jitter[1]))
