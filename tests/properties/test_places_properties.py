"""Places do not depend on the order of their sightings, and do not creep."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from core.geo import LonLat, distance_m, offset
from thermal.places.locate import Ellipse
from thermal.places.regroup import regroup
from thermal.places.track import Habit, Known, Sighting, merge

HERE = LonLat(118.87, 28.97)
T0 = datetime(2026, 5, 12, 6, 0, tzinfo=UTC)
ERROR = Ellipse(semi_major_m=7.0, semi_minor_m=7.0, bearing_deg=0.0)
HABIT = Habit(extent_m=4.0, spacing_m=12.0)


@st.composite
def sightings(draw: st.DrawFn) -> list[Sighting]:
    found = []
    for n in range(draw(st.integers(1, 14))):
        east, north = (draw(st.floats(-40.0, 40.0)) for _ in range(2))
        flight = draw(st.integers(0, 2))
        found.append(
            Sighting(
                event_type=draw(st.sampled_from(["07-01", "07-03"])),
                position=offset(offset(HERE, 90.0, east), 0.0, north),
                error=ERROR,
                taken_at=T0 + timedelta(hours=flight, seconds=n // 3),
                frame=f"{flight}-{n // 3}",
                flight=f"f{flight}",
                drift_m=2.5,
            )
        )
    return found


@settings(max_examples=40, deadline=None)
@given(sightings(), st.randoms(use_true_random=False))
def test_the_order_of_sightings_plays_no_part(seen: list[Sighting], chance) -> None:
    order = list(range(len(seen)))
    chance.shuffle(order)
    straight = regroup(seen, habit=lambda _: HABIT)
    mixed = regroup([seen[i] for i in order], habit=lambda _: HABIT)
    assert {frozenset(p.sightings) for p in straight} == {
        frozenset(order[i] for i in p.sightings) for p in mixed
    }


@settings(max_examples=40, deadline=None)
@given(sightings())
def test_every_sighting_is_of_one_place_and_of_its_type(seen: list[Sighting]) -> None:
    places = regroup(seen, habit=lambda _: HABIT)
    assert sorted(i for p in places for i in p.sightings) == list(range(len(seen)))
    for place in places:
        assert {seen[i].event_type for i in place.sightings} == {place.known.event_type}


@settings(max_examples=20, deadline=None)
@given(st.floats(0.0, 360.0), st.floats(0.5, 10.0))
def test_a_place_never_creeps_away(bearing: float, step_m: float) -> None:
    """However long sightings move on in one direction."""
    one = Sighting(event_type="07-01", position=HERE, error=ERROR, taken_at=T0)
    place = Known(id="a", event_type="07-01", position=HERE, error=ERROR, last_seen=T0)
    for _ in range(60):
        moved = offset(place.position, bearing, step_m)
        place = merge(place, replace(one, position=moved), habit=HABIT)
        assert distance_m(place.position, HERE) <= HABIT.reach_m * 1.001
