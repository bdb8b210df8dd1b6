"""Ways round zones: never inside, never longer than needed."""

import networkx
import numpy as np
import pytest
import shapely
from planner_city import FRAME, zone

from core.clearance import conflicts
from core.geo import LonLat
from core.zones import Zone, ZoneKind
from planner.routes.airspace import Airspace, airspace, middle

ORIGIN = FRAME.origin


def test_without_zones_the_way_is_straight() -> None:
    length, corners = airspace((), ORIGIN).way(np.array([0.0, 0.0]), np.array([3000.0, 4000.0]))  # type: ignore[misc]
    assert length == pytest.approx(5000.0)
    assert len(corners) == 0


def test_the_way_round_a_disc_is_nearly_the_tangent_way() -> None:
    sky = airspace((zone("Z", 0, 0, 1000),), ORIGIN)
    found = sky.way(np.array([-3000.0, 0.0]), np.array([3000.0, 0.0]))
    assert found is not None
    radius = 1050.0
    exact = 2 * np.sqrt(3000**2 - radius**2) + radius * (np.pi - 2 * np.arccos(radius / 3000))
    assert exact <= found[0] < 1.02 * exact


def test_ways_are_clear_and_the_same_back() -> None:
    zones = tuple(
        zone(str(k), *xy, r)
        for k, (xy, r) in enumerate([((0, 0), 900), ((1200, 300), 700), ((-500, 2500), 400)])
    )
    sky = airspace(zones, ORIGIN)
    rng = np.random.default_rng(3)
    points = rng.uniform(-4000, 4000, (24, 2))
    points = points[~sky.inside(points)]
    for a, b in zip(points[::2], points[1::2], strict=False):
        found = sky.way(a, b)
        assert found is not None
        path = [sky.frame.point(*p) for p in [a, *found[1], b]]
        assert conflicts(path, zones, height_m=100) == []
        back = sky.way(b, a)
        assert back is not None
        assert back[0] == pytest.approx(found[0])


def test_a_point_inside_or_walled_in_has_no_way() -> None:
    ring = shapely.Point(0, 0).buffer(2000).difference(shapely.Point(0, 0).buffer(1000))
    wall = Zone(
        id="w", name="w", name_zh="w", kind=ZoneKind.PROHIBITED, polygon=FRAME.to_degrees(ring)
    )
    sky = airspace((wall,), ORIGIN)
    outside, within, centre = (np.array([x, 0.0]) for x in (5000.0, 1500.0, 0.0))
    assert sky.way(outside, within) is None
    assert sky.way(outside, centre) is None


def test_high_zones_do_not_count_and_the_city_is_prepared_once() -> None:
    high = Zone(
        id="h", name="h", name_zh="h", kind=ZoneKind.CONTROL, floor_m=300.0,
        polygon=FRAME.to_degrees(shapely.Point(0, 0).buffer(500)),
    )  # fmt: skip
    assert airspace((high,), ORIGIN).blocked.is_empty
    assert airspace((high,), ORIGIN) is airspace((high,), ORIGIN)
    assert middle([LonLat(118.0, 28.0), LonLat(119.0, 29.0)]) == LonLat(118.5, 28.5)


def layout(seed: int, span_m: float) -> tuple[list[Zone], np.random.Generator]:
    """A few zones, convex or not, some of which overlap; every kind of buffer."""
    rng = np.random.default_rng(seed)
    zones = []
    for k in range(int(rng.integers(1, 6))):
        count = int(rng.integers(3, 10))
        course = np.sort(rng.uniform(0, 2 * np.pi, count))
        reach = span_m * rng.uniform(0.02, 0.25, count)
        spot = rng.uniform(-0.6, 0.6, 2) * span_m
        ring = spot + reach[:, None] * np.column_stack([np.cos(course), np.sin(course)])
        zones.append(
            Zone(
                id=str(k), name=str(k), name_zh=str(k), kind=ZoneKind.RESTRICTED,
                polygon=FRAME.to_degrees(shapely.make_valid(shapely.Polygon(ring))),
                buffer_m=float(rng.choice([0.0, 10.0, 50.0, 200.0])),
            )
        )  # fmt: skip
    return zones, rng


def shortest_m(blocked: shapely.Geometry, a: np.ndarray, b: np.ndarray) -> float:
    """By force: every line between any two corners that does not cross, Dijkstra's method."""
    rings = [shapely.get_coordinates(r)[:-1] for r in shapely.get_rings(shapely.get_parts(blocked))]
    spots = np.concatenate([a[None], b[None], *rings])
    i, j = np.triu_indices(len(spots), 1)
    inner = blocked.buffer(-1e-4)
    shapely.prepare(inner)
    free = ~shapely.intersects(inner, shapely.linestrings(np.stack([spots[i], spots[j]], axis=1)))
    graph: networkx.Graph[int] = networkx.Graph()
    graph.add_weighted_edges_from(
        zip(i[free], j[free], np.hypot(*(spots[i] - spots[j])[free].T), strict=True)
    )
    try:
        return float(networkx.dijkstra_path_length(graph, 0, 1))
    except (networkx.NetworkXNoPath, networkx.NodeNotFound):
        return float("inf")


@pytest.mark.parametrize("seed", range(16))
def test_ways_are_the_shortest_there_are(seed: int) -> None:
    zones, rng = layout(seed, 5000.0)
    sky = Airspace(FRAME, zones)
    exact = shapely.union_all(
        [FRAME.to_metres(z.polygon).buffer(z.buffer_m, quad_segs=16) for z in zones]
    )
    ends = rng.uniform(-5000, 5000, (6, 2))
    for a, b in ends.reshape(-1, 2, 2):
        if sky.inside(np.array([a, b])).any():
            continue
        found = sky.way(a, b)
        length = np.inf if found is None else found[0]
        assert length == pytest.approx(shortest_m(sky.blocked, a, b), abs=0.5)
        if np.isfinite(length):  # the margin bends a way by metres, not more
            assert length <= 1.002 * shortest_m(exact, a, b) + 20.0


@pytest.mark.parametrize("seed", range(40))
def test_no_metre_of_a_way_is_inside_a_zone_or_its_buffer(seed: int) -> None:
    zones, rng = layout(1000 + seed, (1e3, 5e3, 25e3)[seed % 3])
    sky = Airspace(FRAME, zones)
    reach = 1.2 * float(np.abs(sky.blocked.bounds).max())
    for a, b in rng.uniform(-reach, reach, (8, 2, 2)):
        found = sky.way(a, b)
        if found is None or sky.inside(np.array([a, b])).any():
            continue
        path = [sky.frame.point(*p) for p in [a, *found[1], b]]
        assert conflicts(path, zones, height_m=100, tolerance_m=0.5) == []


def test_many_and_fine_zones_are_read_quickly_enough_to_be_used() -> None:
    """More corners than are joined all at once, and one outline of 20,000 corners."""
    rng = np.random.default_rng(4)
    spots = rng.uniform(-40_000, 40_000, (60, 2))
    zones = [zone(str(k), *xy, 900) for k, xy in enumerate(spots)]
    course = np.linspace(0, 2 * np.pi, 20_000, endpoint=False)
    ring = (3000 + 5 * np.sin(900 * course))[:, None] * np.column_stack(
        [np.cos(course), np.sin(course)]
    )
    fine = Zone(
        id="fine", name="f", name_zh="f", kind=ZoneKind.RESTRICTED,
        polygon=FRAME.to_degrees(shapely.Polygon(ring)),
    )  # fmt: skip
    sky = Airspace(FRAME, [*zones, fine])
    for a, b in rng.uniform(-45_000, 45_000, (20, 2, 2)):
        found = sky.way(a, b)
        if found is not None and not sky.inside(np.array([a, b])).any():
            path = [sky.frame.point(*p) for p in [a, *found[1], b]]
            assert conflicts(path, [*zones, fine], height_m=100) == []


def test_inside_a_ring_of_walls_ways_go_round_its_inner_corners() -> None:
    outer, inner = shapely.box(-3000, -3000, 3000, 3000), shapely.box(-2000, -2000, 2000, 2000)
    wall = shapely.union(outer.difference(inner), shapely.box(-100, -2000, 100, 1000))
    shut = Zone(
        id="w", name="w", name_zh="w", kind=ZoneKind.PROHIBITED, polygon=FRAME.to_degrees(wall)
    )
    sky = Airspace(FRAME, [shut])
    a, b = np.array([-1000.0, -1000.0]), np.array([1000.0, -1000.0])
    found = sky.way(a, b)
    assert found is not None
    assert found[0] == pytest.approx(shortest_m(sky.blocked, a, b), abs=0.5)
