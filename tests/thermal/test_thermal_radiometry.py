import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from thermal.formats.dji_path import DEFAULTS, PATHS
from thermal.radiometry import (
    Atmosphere,
    Parameters,
    Planck,
    SinglePath,
    celsius_of,
    counts_of,
    grey_celsius,
    object_counts,
    temperatures,
    transmission,
)

PLANCK = Planck(r1=21106.77, b=1501.0, f=1.0, o=-7340.0, r2=0.012545258)


def test_counts_and_temperatures_are_each_others_inverse():
    celsius = np.linspace(-40, 500, 50)

    assert np.allclose(celsius_of(counts_of(celsius, PLANCK), PLANCK), celsius, atol=1e-9)


@given(
    celsius=st.floats(-30, 400),
    emissivity=st.floats(0.3, 1.0),
    reflected=st.floats(-40, 60),
    distance=st.floats(0, 300),
    humidity=st.floats(0, 1),
)
def test_the_correction_undoes_the_path(celsius, emissivity, reflected, distance, humidity):
    """Build the signal forward, emitted + reflected + air, and get the object back."""
    p = Parameters(
        emissivity=emissivity, reflected_c=reflected, distance_m=distance, humidity=humidity
    )
    tau = transmission(p, Atmosphere())
    own, mirrored, air = (counts_of(t, PLANCK) for t in (celsius, reflected, p.air_c))
    seen = tau * (emissivity * own + (1 - emissivity) * mirrored) + (1 - tau) * air

    back = celsius_of(object_counts(seen, PLANCK, p, Atmosphere()), PLANCK)

    assert back == pytest.approx(celsius, abs=1e-6)


@given(
    celsius=st.floats(-60, 700),
    emissivity=st.floats(0.2, 1.0),
    reflected=st.floats(-40, 60),
    model=st.sampled_from(sorted(PATHS)),
)
def test_djis_correction_undoes_the_path(celsius, emissivity, reflected, model):
    p = replace(DEFAULTS, emissivity=emissivity, reflected_c=reflected)
    path = PATHS[model]

    assert path.object_c(path.apparent_c(celsius, p), p) == pytest.approx(celsius, abs=1e-3)


@given(celsius=st.floats(-40, 400), window=st.floats(0.3, 1.0), distance=st.floats(0, 300))
def test_what_is_seen_through_a_window_is_given_back(celsius, window, distance):
    p = Parameters(window_transmission=window, window_c=35.0, distance_m=distance, emissivity=0.8)
    path = SinglePath(PLANCK, Atmosphere())

    assert path.object_c(path.apparent_c(celsius, p), p) == pytest.approx(celsius, abs=1e-6)


def test_djis_correction_rises_with_what_is_seen():
    seen = np.linspace(-50, 500, 5000)
    for path in PATHS.values():
        assert (np.diff(path.object_c(seen, DEFAULTS)) > 0).all()


def test_distances_of_each_pixel_take_what_each_would():
    far = np.array([[1.0, 10.0], [50.0, 300.0]])
    each = [transmission(Parameters(distance_m=d), Atmosphere()) for d in far.ravel()]

    assert transmission(Parameters(distance_m=far), Atmosphere()).ravel() == pytest.approx(each)


def test_air_takes_more_with_distance_and_humidity():
    near = transmission(Parameters(distance_m=1), Atmosphere())
    far = transmission(Parameters(distance_m=200), Atmosphere())
    wet = transmission(Parameters(distance_m=200, humidity=0.95, air_c=30), Atmosphere())

    assert 1 > near > far > wet > 0.5


def test_the_table_gives_what_the_formula_gives():
    counts = np.random.default_rng(0).integers(9000, 40000, (30, 40)).astype(np.uint16)
    p = Parameters(emissivity=0.9, distance_m=30)

    expected = celsius_of(object_counts(counts, PLANCK, p, Atmosphere()), PLANCK)

    assert np.abs(temperatures(counts, PLANCK, p) - expected).max() < 1e-4


def test_impossible_counts_stay_finite():
    counts = np.array([[0, 65535]], np.uint16)

    assert np.isfinite(temperatures(counts, PLANCK, Parameters())).all()


def test_a_grey_body_in_clear_air_with_emissivity_one_is_what_it_seems():
    p = Parameters(emissivity=1.0)

    assert grey_celsius([10.0, 90.0], p, 1.0) == pytest.approx([10.0, 90.0])


@pytest.mark.parametrize(
    "values",
    [{"emissivity": 0.0}, {"emissivity": 1.2}, {"humidity": 45}, {"distance_m": -1},
     {"air_c": math.nan}],
)  # fmt: skip
def test_impossible_parameters_are_named(values):
    with pytest.raises(InvalidInput, match=next(iter(values))):
        Parameters(**values)


@pytest.mark.parametrize("values", [{"r1": 0.0}, {"b": 1e-30}, {"o": math.nan}, {"r2": -1.0}])
def test_missing_planck_constants_are_named(values):
    with pytest.raises(InvalidInput, match="Planck"):
        replace(PLANCK, **values)


def test_a_calibration_that_ends_below_the_temperature_stays_finite():
    short = replace(PLANCK, f=3.0)

    assert np.isfinite(counts_of([20.0, 1100.0, 3000.0], short)).all()
