"""GCJ-02 and BD-09: there and back again, anywhere in China."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from missions.demand.gcj02 import from_bd09, from_gcj02, to_bd09, to_gcj02

Way = Callable[[npt.ArrayLike], npt.NDArray[np.float64]]
METRES_A_DEGREE = 111_320.0

lon = st.floats(72.1, 137.7, allow_nan=False)
lat = st.floats(1.0, 55.7, allow_nan=False)


@pytest.mark.parametrize(("there", "back"), [(to_gcj02, from_gcj02), (to_bd09, from_bd09)])
@given(places=st.lists(st.tuples(lon, lat), min_size=1, max_size=5))
def test_there_and_back_again_is_within_a_millimetre(
    there: Way, back: Way, places: list[tuple[float, float]]
) -> None:
    again = back(there(places))
    assert np.abs(again - np.array(places)).max() * METRES_A_DEGREE < 0.001


@given(place=st.tuples(lon, lat))
def test_the_offset_is_what_map_makers_say(place: tuple[float, float]) -> None:
    """Some hundred metres (caijun/geoChina: 700 within the country), and never nothing."""
    moved = (to_gcj02([place])[0] - place) * METRES_A_DEGREE
    moved[0] *= np.cos(np.radians(place[1]))
    assert 1.0 < np.hypot(*moved) < 1500.0
