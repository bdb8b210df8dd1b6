"""Ground heights for autopilots that ask: the right square at the right place, and no nonsense."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from core.geo import FlatGround, LonLat
from core.units import degrees_e7
from fleet import terrain
from fleet.fleet import Fleet
from fleet.links.codec import Encoder, Parser
from fleet.messages import TerrainData, TerrainRequest

CORNER = LonLat(118.5, 28.75)


class Slope:
    """Rises a metre for every 100 m north and two for every 100 m east of the corner."""

    def height_m(self, lon: npt.ArrayLike, lat: npt.ArrayLike) -> Any:
        north = (np.asarray(lat) - CORNER.lat) * 110_838.0
        east = (np.asarray(lon) - CORNER.lon) * 111_320.0 * np.cos(np.radians(lat))
        return 100 + north / 100 + 2 * east / 100


def request(**given: Any) -> TerrainRequest:
    plain: dict[str, Any] = {
        "lat_e7": degrees_e7(CORNER.lat),
        "lon_e7": degrees_e7(CORNER.lon),
        "spacing_m": 100,
        "wanted": tuple(range(56)),
    }
    return TerrainRequest(**{**plain, **given})


def test_every_height_stands_where_the_autopilot_looks_for_it() -> None:
    block = {a.square: a.heights_m for a in terrain.answers(request(), Slope())}
    assert len(block) == 56
    for square in (0, 1, 8, 55):
        row, column = square // 8 * 4, square % 8 * 4
        for n, height in enumerate(block[square]):
            north, east = row + n // 4, column + n % 4
            assert height == pytest.approx(100 + north + 2 * east, abs=1)


def test_only_the_squares_that_lack_are_sent() -> None:
    answers = terrain.answers(request(wanted=(3, 40)), FlatGround(120.4))
    assert [a.square for a in answers] == [3, 40]
    assert all(set(a.heights_m) == {120} for a in answers)
    assert all((a.lat_e7, a.lon_e7) == (287500000, 1185000000) for a in answers)


@pytest.mark.parametrize(
    "nonsense",
    [
        {"lat_e7": 2_000_000_000},
        {"lat_e7": -899_000_000},
        {"lon_e7": 2_100_000_000},
        {"spacing_m": 0},
        {"spacing_m": 65_535},
        {"wanted": (56, -1)},
    ],
)
def test_nonsense_gets_no_answer(nonsense: dict[str, Any]) -> None:
    assert terrain.answers(request(**nonsense), FlatGround()) == []


def test_ground_without_a_height_is_sea_level_and_peaks_fit_their_bytes() -> None:
    class Odd:
        def height_m(self, lon: npt.ArrayLike, lat: npt.ArrayLike) -> Any:
            return np.where(np.asarray(lon) > CORNER.lon + 1e-4, 1e6, math.nan)

    (answer,) = terrain.answers(request(wanted=(0,)), Odd())
    assert answer.heights_m[:2] == (0, 9000)
    assert Encoder().encode(answer, 1)


def test_a_request_arrives_as_it_was_sent() -> None:
    asked = request(wanted=(0, 17, 55))
    (packet,) = Parser().feed(Encoder(7, 1).encode(asked))
    assert packet.message == asked


async def test_a_vehicle_that_asks_is_answered(make_range: Callable[..., Any]) -> None:
    site = make_range()
    site.fleet = Fleet(
        {"main": site.ground}, site.clock, on_event=site.events.append, ground=FlatGround(55)
    )
    vehicle = site.add(7)
    await site.start()
    while not site.fleet.vehicles:
        await site.clock.sleep(0.5)
    sent: list[TerrainData] = []
    vehicle.say(request(wanted=(5,)))
    send = site.fleet.vehicles[next(iter(site.fleet.vehicles))].channel
    original = send.send
    send.send = lambda message: (
        sent.append(message) if isinstance(message, TerrainData) else original(message)
    )
    await site.clock.sleep(2)
    assert [a.heights_m[0] for a in sent] == [55]
