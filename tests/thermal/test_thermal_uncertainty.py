"""The propagated uncertainty against drawing the inputs and looking at what comes out."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput
from thermal import uncertainty
from thermal.formats.decode import decode
from thermal.formats.dji_path import DEFAULTS, PATHS
from thermal.formats.frame import Accuracy, ThermalFrame
from thermal.parameters import Parameters
from thermal.radiometry import Atmosphere, Grey, Planck, SinglePath
from thermal.uncertainty import Inputs

FLIR = SinglePath(Planck(r1=21106.77, b=1501.0, f=1.0, o=-7340.0, r2=0.012545258), Atmosphere())
DRAWS = 4000
SMALL = Inputs(emissivity=0.01, reflected_k=2.0, air_k=1.0, humidity=0.03, distance_share=0.05)
"""Small against the curvature of the model, where the first order is all there is."""


def frame(celsius, parameters, correction=FLIR, **more):
    return ThermalFrame(
        celsius=np.asarray(celsius, np.float32).reshape(1, -1),
        encoding="test",
        parameters=parameters,
        correction=correction,
        **more,
    )


def drawn(one, inputs, seed=0):
    """Standard deviation of the temperature over drawn inputs."""
    rng, p = np.random.default_rng(seed), one.parameters
    apparent = float(one.correction.apparent_c(float(one.celsius[0, 0]), p))
    limit = max(one.accuracy.limit_k, one.accuracy.limit_share * abs(apparent))
    found = []
    for e, r, a, h, d, lim, noise in zip(
        *(rng.standard_normal(DRAWS) for _ in range(5)),
        rng.uniform(-limit, limit, DRAWS),
        rng.standard_normal(DRAWS) * one.accuracy.netd_k,
        strict=True,
    ):
        other = dataclasses.replace(
            p,
            emissivity=min(p.emissivity + e * inputs.emissivity, 1.0),
            reflected_c=p.reflected_c + r * inputs.reflected_k,
            air_c=p.air_c + a * inputs.air_k,
            humidity=min(max(p.humidity + h * inputs.humidity, 0), 1),
            distance_m=max(p.distance_m * (1 + d * inputs.distance_share), 0),
        )
        found.append(float(one.correction.object_c(apparent + lim + noise, other)))
    return float(np.std(found))


@settings(max_examples=12, deadline=None)
@given(
    celsius=st.floats(-10, 250),
    emissivity=st.floats(0.6, 0.95),
    reflected=st.floats(-30, 40),
    air=st.floats(-5, 35),
    humidity=st.floats(0.2, 0.8),
    distance=st.floats(1, 150),
)
def test_it_is_what_drawing_the_inputs_gives(
    celsius, emissivity, reflected, air, humidity, distance
):
    p = Parameters(emissivity=emissivity, reflected_c=reflected, air_c=air, humidity=humidity,
                   distance_m=distance)  # fmt: skip
    one = frame([celsius], p)

    assert uncertainty.at(one, 0, 0, SMALL) == pytest.approx(drawn(one, SMALL), rel=0.06)


@pytest.mark.parametrize("model", ["M3T", "MAVIC2-ENTERPRISE-ADVANCED"])
def test_of_dji_cameras_too(model):
    path = dataclasses.replace(PATHS[model], path_u=0.0)
    one = frame([60.0], DEFAULTS, path)

    assert uncertainty.at(one, 0, 0, SMALL) == pytest.approx(drawn(one, SMALL), rel=0.06)


def test_a_transmission_that_is_not_known_well_counts():
    sure = frame([80.0], DEFAULTS, dataclasses.replace(PATHS["M3T"], path_u=0.0))
    usual = frame([80.0], DEFAULTS, PATHS["M3T"])

    assert uncertainty.at(usual, 0, 0) > uncertainty.at(sure, 0, 0) + 0.2


def test_beyond_what_was_compared_the_mavic_2_is_less_certain():
    path = PATHS["MAVIC2-ENTERPRISE-ADVANCED"]

    def part(celsius):
        parts = uncertainty.budget(frame([celsius], DEFAULTS, path), 0, 0).parts
        return abs(next(p.kelvin for p in parts if p.name == "transmission"))

    assert part(-15.0) / 40 > 1.5 * part(40.0) / 15


@given(celsius=st.floats(-40, 600))
@settings(max_examples=40, deadline=None)
def test_the_map_of_a_frame_is_that_of_its_pixels(celsius):
    one = frame([celsius, 20.0, -30.0, 300.0], Parameters(emissivity=0.9, distance_m=40))
    sigma = uncertainty.of(one)

    assert sigma.dtype == np.float32
    assert sigma.shape == one.celsius.shape
    assert sigma[0, 0] == pytest.approx(uncertainty.at(one, 0, 0), rel=2e-3)


def test_pixels_with_parameters_of_their_own():
    e = np.full((70, 4), 0.9)
    e[69, 3] = 0.6
    p = Parameters(emissivity=e, distance_m=np.full((70, 4), 30.0))
    whole = dataclasses.replace(frame([0], p), celsius=np.full((70, 4), 80.0, np.float32))

    sigma = uncertainty.of(whole)

    assert sigma[69, 3] > 1.3 * sigma[0, 0]
    assert sigma[69, 3] == pytest.approx(uncertainty.at(whole, 69, 3), rel=1e-5)
    same = frame([80.0], Parameters(emissivity=0.9, distance_m=30.0))
    assert sigma[0, 0] == pytest.approx(uncertainty.at(same, 0, 0), rel=1e-5)


def test_the_budget_names_what_matters_and_adds_up():
    hot = frame([250.0], Parameters(emissivity=0.8, distance_m=5.0))
    budget = uncertainty.budget(hot, 0, 0)

    assert budget.parts[0].name == "emissivity"
    assert budget.parts[0].kelvin < 0  # more emissivity would mean a cooler object
    assert sum(part.share for part in budget.parts) == pytest.approx(1.0)
    assert budget.kelvin == pytest.approx(sum(p.kelvin**2 for p in budget.parts) ** 0.5)
    assert "window_transmission" not in {part.name for part in budget.parts}


def test_a_window_counts_where_there_is_one():
    behind = Parameters(window_transmission=0.7, window_c=25.0)

    names = {part.name for part in uncertainty.budget(frame([90.0], behind), 0, 0).parts}

    assert {"window_transmission", "window_c"} <= names


def test_emissivity_one_and_no_distance_are_limits_not_errors():
    edge = frame([60.0], Parameters(emissivity=1.0, distance_m=0.0, humidity=1.0))
    parts = {part.name: part for part in uncertainty.budget(edge, 0, 0).parts}

    assert parts["emissivity"].kelvin < 0
    assert parts["distance_m"].kelvin == 0.0


def test_what_was_not_corrected_is_less_certain():
    apparent = frame([60.0], Parameters(emissivity=1.0, distance_m=0.0), PATHS["M3T"],
                     corrected=False)  # fmt: skip
    corrected = frame([60.0], DEFAULTS, PATHS["M3T"])

    assert uncertainty.at(apparent, 0, 0) > 1.5 * uncertainty.at(corrected, 0, 0)


def test_a_better_camera_is_more_certain():
    p = Parameters(emissivity=0.98)
    usual, better = frame([40.0], p), frame([40.0], p, accuracy=Accuracy(limit_k=1.0))

    assert uncertainty.at(better, 0, 0) < 0.7 * uncertainty.at(usual, 0, 0)


def test_an_exported_file_has_the_cameras_and_the_surfaces_uncertainty():
    names = {p.name for p in uncertainty.budget(frame([40], Parameters(), Grey()), 0, 0).parts
             if p.share > 0.001}  # fmt: skip

    assert {"camera", "emissivity"} <= names


def test_a_pixel_outside_is_named(files):
    one = decode(files.thermal_jpeg(np.linspace(5, 90, 80 * 60).reshape(60, 80)))

    with pytest.raises(InvalidInput, match="row 60"):
        uncertainty.at(one, 60, 0)


def test_impossible_inputs_are_named():
    with pytest.raises(InvalidInput, match="emissivity"):
        Inputs(emissivity=-0.1)
