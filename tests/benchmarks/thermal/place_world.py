"""A simulated campaign for one place, one anomaly: things, flights, cameras, all errors known.

Things lie as they do in a city (`WORLDS`: numbers, spacing and size by event type). Flights cross
them on days of their own. A flight's measured poses lie off by a GPS offset, a compass and
boresight error and a height error of its own; each photograph has noise of its own besides. The
true pose says where a thing shows in the picture, the measured pose where the service believes it
to be: both through the product's camera model, so that the error ellipses are the product's own.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from core.equipment import CameraSpec, Sensor
from core.errors import InvalidInput
from core.geo import FlatGround, LonLat
from core.pose import Attitude, Pose
from imagery.ground.georeference import pixel_of
from imagery.ground.rays import Floats, Plane
from thermal.places.locate import locate_pixel
from thermal.places.track import Sighting

HOME = LonLat(118.87, 28.97)
T0 = datetime(2026, 5, 12, 2, 0, tzinfo=UTC)
GROUND = FlatGround(80.0)
THERMAL = CameraSpec(id="t", sensor=Sensor.THERMAL, width_px=640, height_px=512, hfov_deg=49.0)
VISIBLE = CameraSpec(id="v", sensor=Sensor.VISIBLE, width_px=4000, height_px=3000, hfov_deg=73.7)
DETECTED = 0.9
"""Share of the photographs showing a thing in which a detector finds it."""


@dataclass(frozen=True, kw_only=True)
class Things:
    """Where the things of one type are, metres; ``size_m`` is how far the warmest point of one
    wanders."""

    xy: Floats
    size_m: float


@dataclass(frozen=True, kw_only=True)
class World:
    """A type and how it is flown over.

    Attributes:
        height_m: above ground, from the ground resolution that the catalogue's scenario asks.
        visible: whether a visible camera's detector finds the type too.
    """

    event_type: str
    name: str
    things: Callable[[np.random.Generator], Things]
    height_m: float
    visible: bool = False


@dataclass(frozen=True, kw_only=True)
class Errors:
    """Standard deviations: of a flight's offset, and of each photograph's own noise."""

    gps_m: float = 2.5
    gps_frame_m: float = 0.4
    height_m: float = 2.0
    angle_deg: float = 0.7
    angle_frame_deg: float = 0.7


GPS = Errors()
RTK = Errors(gps_m=0.05, gps_frame_m=0.03, height_m=0.1, angle_deg=0.5, angle_frame_deg=0.5)


def _power_line(rng: np.random.Generator) -> Things:
    """Towers 50 to 300 m apart along a bent line; hot clamps on three of ten, wires 4 m aside."""
    steps = rng.uniform(50.0, 300.0, 60)
    angle = np.cumsum(rng.normal(0.0, 0.15, 60))
    towers = np.cumsum(np.column_stack([np.cos(angle), np.sin(angle)]) * steps[:, None], axis=0)
    chosen = towers[rng.random(60) < 0.3]
    return Things(xy=chosen + rng.uniform(-4, 4, chosen.shape), size_m=1.0)


def _substation(rng: np.random.Generator) -> Things:
    """Bays 12 m apart, six by four, a hot joint in one of five."""
    grid = np.array([(12.0 * i, 15.0 * j) for i in range(6) for j in range(4)])
    hot = grid[rng.random(len(grid)) < 0.2]
    return Things(xy=hot + rng.uniform(-1, 1, hot.shape), size_m=0.3)


def _solar_farm(rng: np.random.Generator) -> Things:
    """Modules 1.1 m by 2.2 m, rows 5 m apart, 120 m by 90 m; two of a hundred faulty, and three
    strings of which ten neighbours are."""
    rows, columns = 18, 108
    hot = rng.random((rows, columns)) < 0.02
    for _ in range(3):
        line, first = int(rng.integers(rows)), int(rng.integers(columns - 10))
        hot[line, first : first + 10] = True
    row, column = np.nonzero(hot)
    return Things(xy=np.column_stack([column * 1.1, row * 5.0]), size_m=0.15)


def _forest_fires(rng: np.random.Generator) -> Things:
    """Fires at least 150 m apart; the warmest point of a young front wanders 15 m."""
    return Things(xy=_scattered(rng, 12, 1200.0, 150.0), size_m=15.0)


def _straw_fires(rng: np.random.Generator) -> Things:
    """Heaps of straw on neighbouring fields, at least 30 m apart."""
    return Things(xy=_scattered(rng, 25, 500.0, 30.0), size_m=2.0)


def _outfalls(rng: np.random.Generator) -> Things:
    """Pipes along a bank, 25 to 400 m apart; a plume's warmest point wanders 3 m."""
    along = np.cumsum(rng.uniform(25.0, 400.0, 20))
    return Things(xy=np.column_stack([along, 20.0 * np.sin(along / 300.0)]), size_m=3.0)


def _seepage(rng: np.random.Generator) -> Things:
    """Wet spots on the face of a dam, at least 10 m apart."""
    return Things(xy=_scattered(rng, 10, 150.0, 10.0), size_m=1.0)


def _works(rng: np.random.Generator) -> Things:
    """Vents on roofs, at least 15 m apart."""
    return Things(xy=_scattered(rng, 20, 300.0, 15.0), size_m=1.0)


def _heaps(rng: np.random.Generator) -> Things:
    """Rubbish that burns, found by thermal and by visible detectors, at least 25 m apart."""
    return Things(xy=_scattered(rng, 20, 500.0, 25.0), size_m=2.0)


WORLDS = (
    World(event_type="01-01", name="forest fires", things=_forest_fires, height_m=150.0),
    World(event_type="01-03", name="straw fires", things=_straw_fires, height_m=150.0),
    World(
        event_type="01-03", name="straw, both cameras", things=_heaps, height_m=120.0, visible=True
    ),
    World(event_type="02-04", name="outfalls on a bank", things=_outfalls, height_m=120.0),
    World(event_type="02-05", name="seepage of a dam", things=_seepage, height_m=80.0),
    World(event_type="06-02", name="vents of works", things=_works, height_m=120.0),
    World(event_type="07-01", name="towers of a line", things=_power_line, height_m=80.0),
    World(event_type="07-01", name="bays of a substation", things=_substation, height_m=65.0),
    World(event_type="07-03", name="PV modules", things=_solar_farm, height_m=80.0),
)


def _scattered(rng: np.random.Generator, count: int, side_m: float, least_m: float) -> Floats:
    """Points in a square, no two nearer than some metres."""
    found: list[Floats] = []
    for xy in rng.uniform(0.0, side_m, (200 * count, 2)):
        if len(found) < count and all(np.hypot(*(xy - other)) >= least_m for other in found):
            found.append(xy)
    return np.array(found)


def campaign(
    world: World, rng: np.random.Generator, *, flights: int = 4, errors: Errors = GPS
) -> tuple[list[Sighting], list[int]]:
    """Every sighting of some flights, in the order of time, and which thing each one shows."""
    things = world.things(rng)
    seen: list[tuple[Sighting, int]] = []
    for number in range(flights):
        start = T0 + timedelta(days=int(number // 2), hours=3.0 * (number % 2))
        seen.extend(_flight(world, things, rng, f"f{number}", start, errors))
    seen.sort(key=lambda pair: pair[0].taken_at)
    return [s for s, _ in seen], [thing for _, thing in seen]


def _flight(
    world: World,
    things: Things,
    rng: np.random.Generator,
    name: str,
    start: datetime,
    errors: Errors,
) -> Iterator[tuple[Sighting, int]]:
    """One flight in lanes over all things, photographs overlapping by two thirds each way."""
    offset = np.array([*rng.normal(0, errors.gps_m, 2), rng.normal(0, errors.height_m)])
    tilt = rng.normal(0, errors.angle_deg, 3)
    boresight = rng.normal(0, 0.3, 3)  # of the visible camera against the thermal one
    for number, (centre, yaw) in enumerate(_stations(world, things, rng)):
        noise = offset + rng.normal(0, 1, 3) * (*[errors.gps_frame_m] * 2, 0.3)
        angles = tilt + rng.normal(0, errors.angle_frame_deg, 3)
        at = start + timedelta(seconds=3.0 * number)
        for camera in (THERMAL, VISIBLE) if world.visible else (THERMAL,):
            off = angles if camera is THERMAL else angles + boresight
            true, said = _poses(world, centre, yaw, noise, off, errors)
            frame = f"{name}-{number}-{camera.id}"
            yield from _photograph(
                world, things, rng, camera, true, said, frame, f"{name}/{camera.id}", at
            )


def _stations(
    world: World, things: Things, rng: np.random.Generator
) -> Iterator[tuple[Floats, float]]:
    """Where photographs are taken: a lattice, only those with a thing in view."""
    low, high = things.xy.min(axis=0) - 20.0, things.xy.max(axis=0) + 20.0
    half = world.height_m * np.tan(np.radians(24.5))
    step = 0.66 * half
    shift = rng.uniform(0, step, 2)
    for lane, y in enumerate(np.arange(low[1], high[1] + step, step) + shift[1]):
        xs = np.arange(low[0], high[0] + step, step) + shift[0]
        for x in xs if lane % 2 == 0 else xs[::-1]:
            centre = np.array([x, y])
            if (np.abs(things.xy - centre).max(axis=1) < 1.2 * half).any():
                yield centre, 90.0 if lane % 2 == 0 else 270.0


def _poses(
    world: World, centre: Floats, yaw: float, noise: Floats, angles: Floats, errors: Errors
) -> tuple[Pose, Pose]:
    """The true pose and the one that is measured."""
    plane = Plane.at(HOME)
    top = GROUND.level_m + world.height_m
    true = Pose(
        position=LonLat(float(plane.lon(centre[0])), float(plane.lat(centre[1]))),
        altitude_m=top,
        attitude=Attitude(yaw_deg=yaw, pitch_deg=-90.0),
    )
    said = Pose(
        position=LonLat(
            float(plane.lon(centre[0] + noise[0])), float(plane.lat(centre[1] + noise[1]))
        ),
        altitude_m=top + float(noise[2]),
        attitude=Attitude(
            yaw_deg=yaw + float(angles[0]), pitch_deg=-90.0 + float(angles[1]), roll_deg=angles[2]
        ),
        horizontal_sigma_m=errors.gps_m,
        vertical_sigma_m=errors.height_m,
        attitude_sigma_deg=float(np.hypot(errors.angle_deg, errors.angle_frame_deg)),
    )
    return true, said


def _photograph(
    world: World,
    things: Things,
    rng: np.random.Generator,
    camera: CameraSpec,
    true: Pose,
    said: Pose,
    frame: str,
    flight: str,
    at: datetime,
) -> Iterator[tuple[Sighting, int]]:
    plane = Plane.at(HOME)
    for number, xy in enumerate(things.xy):
        spot = xy + rng.normal(0, things.size_m / 2.0, 2)
        place = LonLat(float(plane.lon(spot[0])), float(plane.lat(spot[1])))
        pixel = pixel_of(true, camera, place, GROUND.level_m)
        if pixel is None or rng.random() > DETECTED:
            continue
        column, row = np.array(pixel) + rng.normal(0, 0.5, 2)
        try:
            located = locate_pixel(
                (column, row), (camera.height_px, camera.width_px), said, camera, GROUND
            )
        except InvalidInput:
            continue
        yield (
            Sighting(
                event_type=world.event_type,
                position=located.position,
                error=located.error,
                taken_at=at,
                frame=frame,
                flight=flight,
                drift_m=said.horizontal_sigma_m,
            ),
            number,
        )
