from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from core.geo import LonLat, distance_m, offset
from thermal.places.locate import Ellipse
from thermal.places.track import Known, Sighting, group, match, merge

HERE = LonLat(118.87, 28.97)
T0 = datetime(2026, 5, 12, 6, 0, tzinfo=UTC)
ROUND = Ellipse(semi_major_m=8.0, semi_minor_m=7.0, bearing_deg=10.0)


def seen(position=HERE, kind="01-01", minutes=0.0, error=ROUND):
    return Sighting(
        event_type=kind, position=position, error=error, taken_at=T0 + timedelta(minutes=minutes)
    )


def known(position=HERE, kind="01-01", name="a", error=ROUND):
    return Known(id=name, event_type=kind, position=position, error=error, last_seen=T0)


def test_the_same_place_and_type_is_known():
    assert match(seen(offset(HERE, 70, 6)), [known()]) == "a"


def test_another_type_is_another_anomaly():
    assert match(seen(kind="07-01"), [known()]) is None


def test_far_away_is_another_place():
    assert match(seen(offset(HERE, 70, 60)), [known()]) is None


def test_of_two_the_nearer():
    places = [known(offset(HERE, 90, 12), name="far"), known(offset(HERE, 90, 3), name="near")]

    assert match(seen(), places) == "near"


def test_a_long_ellipse_reaches_further_along_its_axis():
    long = Ellipse(semi_major_m=30.0, semi_minor_m=3.0, bearing_deg=90.0)
    exact = Ellipse(semi_major_m=2.0, semi_minor_m=2.0, bearing_deg=0.0)

    assert match(seen(offset(HERE, 90, 25), error=long), [known(error=exact)]) == "a"
    assert match(seen(offset(HERE, 0, 25), error=long), [known(error=exact)]) is None


def test_time_can_bound_it():
    late = seen(minutes=600)

    assert match(late, [known()]) == "a"
    assert match(late, [known()], within=timedelta(hours=2)) is None


def test_merging_moves_towards_the_better_sighting():
    sharp = Ellipse(semi_major_m=2.0, semi_minor_m=2.0, bearing_deg=0.0)
    there = offset(HERE, 90, 6)

    place = merge(known(), seen(there, error=sharp, minutes=5))

    assert distance_m(place.position, there) < 1.0
    assert place.error.semi_major_m <= 2.0
    assert place.last_seen == T0 + timedelta(minutes=5)


def test_simulated_flights():
    """Places 80 m apart, each seen twelve times with its stated error."""
    rng = np.random.default_rng(6)
    places = [offset(offset(HERE, 90, 80 * i), 0, 80 * j) for i in range(6) for j in range(5)]
    sightings = []
    for place in places:
        for _ in range(12):
            shift = rng.multivariate_normal([0, 0], ROUND.covariance())
            point = offset(offset(place, 90, shift[0]), 0, shift[1])
            sightings.append(seen(point, minutes=rng.uniform(0, 60)))

    found = group(sightings)

    assert len(found) == pytest.approx(30, abs=1)
    big = [known for known, count in found if count > 6]
    assert len(big) == 30
    errors = [min(distance_m(k.position, p) for p in places) for k in big]
    assert np.median(errors) < 2.5
