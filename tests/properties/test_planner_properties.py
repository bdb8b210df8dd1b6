"""The planner's promises, for any input: covered, clear of zones, accepted."""

import numpy as np
import shapely
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from planner_city import END, START, city

from core.clearance import conflicts
from core.energy import Wind
from planner import Problem, prepare, solve, verify
from planner.routes.coverage import sweep

QUICK = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def areas(draw: st.DrawFn) -> shapely.Geometry:
    """Star-shaped polygons, some with a hole, some with a second part."""
    count = draw(st.integers(3, 14))
    radii = draw(st.lists(st.floats(80, 900), min_size=count, max_size=count))
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    ring = np.column_stack([radii * np.cos(angles), radii * np.sin(angles)])
    area = shapely.make_valid(shapely.Polygon(ring))
    if draw(st.booleans()):
        area = area.difference(shapely.Point(draw(st.floats(-50, 50)), 0).buffer(60))
    if draw(st.booleans()):
        area = shapely.union(area, shapely.box(1200, -100, 1500, draw(st.floats(0, 400))))
    return area


@QUICK
@given(areas(), st.floats(15, 120), st.floats(0, 0.7))
def test_any_area_is_covered_at_its_overlap(
    area: shapely.Geometry, spacing: float, front: float
) -> None:
    length = 1.3 * spacing
    photos = length * (1 - front)
    legs = sweep(
        area, line_spacing_m=spacing, photo_spacing_m=photos, length_m=length, speed_mps=12.0
    )
    frames = []
    for leg in legs:  # what a camera that fires every so many metres really takes
        step = leg[1] - leg[0]
        metres = float(np.hypot(*step))
        along = step / max(metres, 1e-9)
        left = np.array([-along[1], along[0]]) * (spacing / 2 + 0.01)
        for at in np.arange(0, metres + 1e-6, photos):
            a, b = leg[0] + along * (at - length / 2), leg[0] + along * (at + length / 2)
            frames.append(shapely.Polygon([a + left, b + left, b - left, a - left]))
    seen = shapely.union_all(frames).intersection(area).area
    assert seen >= 0.99 * area.area


@QUICK
@given(
    seed=st.integers(0, 10_000),
    docks=st.integers(1, 5),
    looks=st.integers(1, 14),
    zones=st.integers(0, 5),
    wind=st.floats(0, 11),
    from_deg=st.floats(0, 360),
)
@example(seed=296, docks=1, looks=8, zones=2, wind=0.0, from_deg=0.0)  # a point inside a zone
def test_every_plan_is_accepted_and_clear_of_zones(
    seed: int, docks: int, looks: int, zones: int, wind: float, from_deg: float
) -> None:
    wishes, stations, closed = city(seed, docks, looks, zones, 6000.0)
    prepared = prepare(wishes, stations, closed)
    assert set(prepared.refused) | set(prepared.served_by) == {w.id for w in wishes}
    problem = Problem(
        stations=tuple(stations), tasks=prepared.tasks, zones=tuple(closed),
        start=START, end=END, wind=Wind(wind, from_deg),
    )  # fmt: skip
    plan = solve(problem, seconds=0.1, seed=seed)
    assert verify(problem, plan) == ()
    for flight in plan.flights:
        path = [w.position for w in flight.route.waypoints]
        assert conflicts(path, closed, height_m=120) == []
