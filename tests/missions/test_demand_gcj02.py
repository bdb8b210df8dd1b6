"""Chinese map coordinates: published pairs, and an inverse that is exact."""

import numpy as np
import pytest

from core.geo import LonLat, path_length_m
from missions.demand.gcj02 import from_bd09, from_gcj02, in_china, to_bd09, to_gcj02

PAIRS = [
    # caijun/geoChina, wgs2gcj.Rd: Beijing railway station
    ("gcj", (116.42079, 39.90105), (116.42703, 39.90245)),
    # madlogos/recharts2, convWGS2GCJ.Rd: Tiananmen as the maps of the time showed it
    ("gcj", (116.39089, 39.90734), (116.397131, 39.908746)),
    # BruceZhaoR/pjutils, test-coordinate-tranform.R: Shanghai on Google Earth, AMap and Baidu
    ("gcj", (121.42958967, 31.16014354), (121.434204, 31.158247)),
    ("bd", (121.42958967, 31.16014354), (121.4406138425, 31.1646093426)),
]


def metres(a: object, b: object) -> float:
    one, other = (LonLat(float(p[0]), float(p[1])) for p in (a, b))  # type: ignore[index]
    return path_length_m((one, other))


@pytest.mark.parametrize(("kind", "wgs", "map_place"), PAIRS)
def test_published_pairs_agree(
    kind: str, wgs: tuple[float, float], map_place: tuple[float, float]
) -> None:
    there, back = (to_gcj02, from_gcj02) if kind == "gcj" else (to_bd09, from_bd09)
    assert metres(there([wgs])[0], map_place) < 2.5  # what maps were read to
    assert metres(back([map_place])[0], wgs) < 2.5


def test_quzhou_is_moved_by_about_half_a_kilometre() -> None:
    here = (118.87, 28.95)
    assert 400 < metres(to_gcj02([here])[0], here) < 600
    assert 900 < metres(to_bd09([here])[0], here) < 1500


def test_nothing_moves_outside_of_china() -> None:
    places = np.array([[2.35, 48.85], [-74.0, 40.7]])
    assert not in_china(places).any()
    assert (to_gcj02(places) == places).all()
    assert (from_gcj02(places) == places).all()


def test_no_places_are_no_error() -> None:
    assert from_gcj02(np.empty((0, 2))).shape == (0, 2)
