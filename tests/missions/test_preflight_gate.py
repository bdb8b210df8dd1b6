"""May it go? Paper, people's word, airspace and weather, each with its reason."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import flying_range as rig
import httpx
import pytest
from shapely.geometry import shape

from core.clock import ManualClock
from core.errors import Unavailable
from core.geo import LonLat, offset
from core.route import Route, Waypoint
from core.zones import Zone, ZoneKind
from missions.entities import Filing, Flight, Origin
from missions.preflight import fetching, gate
from missions.preflight.filing import amended, answer, emergency_for, file_routine, revoke
from missions.preflight.forecast import HourlyForecast, Outlook, cell_of, hours_of, read
from missions.preflight.model import Grounding, Word, overall
from missions.preflight.volumes import not_covered, volumes_of
from missions.presets import Preset, WeatherRules

NOW = datetime(2026, 5, 12, 1, 0, tzinfo=UTC)


@pytest.fixture
def city(preset: Preset) -> Preset:
    """The small city with two docks."""
    return rig.with_docks(preset, rig.A, rig.B)


def flight_of(preset: Preset, **changes: Any) -> Flight:
    dock = preset.docks[0]
    points = [offset(dock.position, bearing, 1500) for bearing in (0, 45, 90)]
    made = Flight(
        id="flt-1",
        plan_id=None,
        day=NOW.date(),
        origin=Origin.REVISIT,
        dock=dock.id,
        vehicle=dock.id,
        system_id=dock.system_id,
        task_ids=(),
        departments=("forestry",),
        priority=3,
        route=Route(tuple(Waypoint(position=p, height_m=90.0) for p in points)),
        start=NOW + timedelta(minutes=20),
        end=NOW + timedelta(minutes=40),
        km=4.0,
        landing_share=0.4,
        filing_id="fil-1",
    )
    return replace(made, **changes)


def approved(preset: Preset, flight: Flight) -> Filing:
    filed = emergency_for((flight,), preset, now=NOW, by="test")
    return answer(filed, now=NOW, by="authority", number="A-1")


def known(preset: Preset, flight: Flight, filing: Filing | None, **changes: Any) -> gate.Known:
    made = gate.Known(
        flight=flight,
        filing=filing,
        spec=preset.kinds[preset.docks[0].kind],
        zones=(),
        outlooks=(outlook(),),
        groundings=(),
        rules=WeatherRules(),
    )
    return replace(made, **changes)


def outlook(**changes: Any) -> Outlook:
    made = Outlook(
        at=NOW,
        wind_mps=3.0,
        gust_mps=4.0,
        rain_mmph=0.0,
        visibility_m=10_000.0,
        temperature_c=20.0,
        source="test",
        issued_at=NOW,
    )
    return replace(made, **changes)


def word_of(checks: Any, name: str) -> Word:
    return next(c.word for c in checks if c.name == name)


def test_filed_approved_and_in_calm_air_it_goes(city: Preset) -> None:
    flight = flight_of(city)
    assert overall(gate.look(known(city, flight, approved(city, flight)))) is Word.GO


@pytest.mark.parametrize("state", ["none", "unanswered", "refused", "revoked"])
def test_what_is_not_approved_does_not_go(city: Preset, state: str) -> None:
    flight = flight_of(city)
    filed = emergency_for((flight,), city, now=NOW, by="test")
    filing = {
        "none": None,
        "unanswered": filed,
        "refused": answer(filed, now=NOW, by="authority", approved=False, remark="exercise"),
        "revoked": revoke(approved(city, flight), now=NOW, by="authority", remark="fog"),
    }[state]
    word = word_of(gate.look(known(city, flight, filing)), "filing")
    assert word is (Word.UNKNOWN if state == "unanswered" else Word.NO_GO)


def test_a_flight_beyond_what_was_filed_says_what_is_beyond(city: Preset) -> None:
    flight = flight_of(city)
    filing = approved(city, flight)
    there = Waypoint(position=offset(city.docks[0].position, 180, 9000), height_m=90.0)
    high = replace(flight.route.waypoints[0], height_m=119.0)
    beyond = {
        "leaves the area": replace(flight, route=Route((*flight.route.waypoints, there))),
        "above the 90 m": replace(flight, route=Route((high, *flight.route.waypoints[1:]))),
        "outside the hours": replace(flight, end=flight.end + timedelta(hours=3)),
        "nothing was filed": replace(flight, dock=city.docks[1].id),
    }  # fmt: skip
    assert not_covered(filing, flight) == ""
    for reason, changed in beyond.items():
        assert reason in not_covered(filing, changed)


def test_a_little_later_is_still_as_filed(city: Preset) -> None:
    flight = flight_of(city)
    late = timedelta(minutes=90)
    later = replace(flight, start=flight.start + late, end=flight.end + late)
    assert not_covered(approved(city, flight), later) == ""


def test_the_air_applied_for_leaves_no_fly_zones_out(city: Preset) -> None:
    flight = flight_of(city)
    middle = offset(city.docks[0].position, 45, 700)
    zone = Zone(
        id="z",
        name="school",
        name_zh="学校",
        kind=ZoneKind.PROHIBITED,
        polygon=shape({"type": "Point", "coordinates": [middle.lon, middle.lat]}).buffer(0.002),
    )
    (volume,) = volumes_of((flight,), replace(city, zones=(zone,)))
    assert not shape(volume.area).buffer(-1e-9).intersects(zone.polygon.buffer(-1e-6))


def test_an_amended_application_covers_what_was_added(city: Preset) -> None:
    flight, other = flight_of(city), flight_of(city, id="flt-2", dock=city.docks[1].id)
    filed = file_routine(
        NOW.date(),
        city.filing,
        city.zone_info,
        now=NOW - timedelta(days=2),
        by="t",
        volumes=volumes_of((flight,), city),
    )
    assert not filed.late
    assert not_covered(filed, other)
    home = city.docks[1].position
    moved = replace(other, route=Route((Waypoint(position=offset(home, 0, 500), height_m=80.0),)))
    assert not_covered(amended(filed, (moved,), city), moved) == ""


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"wind_mps": 30.0}, "wind 30.0"),
        ({"gust_mps": 40.0}, "gusts 40.0"),
        ({"rain_mmph": 2.5}, "rain 2.5"),
        ({"visibility_m": 300.0}, "sight 300 m"),
        ({"temperature_c": -25.0}, "-25 C"),
    ],
)
def test_bad_weather_on_the_way_grounds_a_flight_with_its_reason(
    city: Preset, changes: dict[str, float], says: str
) -> None:
    flight = flight_of(city)
    ahead = (outlook(), outlook(at=NOW + timedelta(hours=1), **changes))
    checks = gate.look(known(city, flight, approved(city, flight), outlooks=ahead))
    against = [c.text for c in checks if c.word is Word.NO_GO]
    assert len(against) == 1
    assert says in against[0]


def test_weather_that_nobody_knows_is_said_to_be_unknown(city: Preset) -> None:
    flight = flight_of(city)
    checks = gate.look(known(city, flight, approved(city, flight), outlooks=()))
    assert word_of(checks, "weather") is Word.UNKNOWN
    assert overall(checks) is Word.UNKNOWN


def test_a_grounding_names_who_and_why(city: Preset) -> None:
    flight = flight_of(city)
    word = Grounding(id="g", reason="thunderstorm", starts=NOW, ends=None, by="Li", made_at=NOW)
    checks = gate.look(known(city, flight, approved(city, flight), groundings=(word,)))
    assert "grounded by Li: thunderstorm" in [c.text for c in checks]


def test_a_zone_that_holds_only_later_does_not_hinder(city: Preset) -> None:
    flight = flight_of(city)
    at = flight.route.waypoints[0].position
    later = (NOW + timedelta(hours=5), NOW + timedelta(hours=6))
    zone = Zone(
        id="z",
        name="concert",
        name_zh="演唱会",
        kind=ZoneKind.TEMPORARY,
        polygon=shape({"type": "Point", "coordinates": [at.lon, at.lat]}).buffer(0.001),
        active=later,
    )
    filing = approved(city, flight)
    checks = gate.look(known(city, flight, filing, zones=(zone,)))
    assert word_of(checks, "airspace") is Word.GO
    always = gate.look(known(city, flight, filing, zones=(replace(zone, active=None),)))
    assert word_of(always, "airspace") is Word.NO_GO


def answer_of(hours: int = 6, **units: str) -> dict[str, Any]:
    """As Open-Meteo's documentation shows an answer."""
    times = [(NOW + timedelta(hours=n)).strftime("%Y-%m-%dT%H:%M") for n in range(hours)]
    return {
        "latitude": 28.9,
        "longitude": 118.9,
        "hourly_units": {"wind_speed_10m": "m/s", "wind_gusts_10m": "m/s", **units},
        "hourly": {
            "time": times,
            "wind_speed_10m": [2.0 + n for n in range(hours)],
            "wind_gusts_10m": [4.0 + n for n in range(hours)],
            "precipitation": [0.0] * hours,
            "visibility": [24_000.0, *[None] * (hours - 1)],
            "temperature_2m": [18.5] * hours,
        },
    }


class Nothing:
    def between(self, place: LonLat, start: datetime, end: datetime) -> tuple[Outlook, ...]:
        return ()


async def test_a_forecast_service_is_asked_once_for_all_docks(city: Preset) -> None:
    asked: list[httpx.URL] = []

    def serve(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        cells = {cell_of(d.position) for d in city.docks}
        return httpx.Response(200, json=[answer_of() for _ in cells])

    forecast = HourlyForecast(Nothing())
    fetcher = fetching.Fetcher(
        "https://weather.example/v1/forecast",
        city.docks,
        forecast,
        ManualClock(NOW),
        transport=httpx.MockTransport(serve),
    )
    await fetcher.fetch()
    assert len(asked) == 1
    assert "wind_speed_unit=ms" in str(asked[0])
    place = city.docks[0].position
    ahead = forecast.between(place, NOW, NOW + timedelta(minutes=90))
    assert [o.wind_mps for o in ahead] == [2.0, 3.0, 4.0]
    assert forecast.between(place, NOW, NOW + timedelta(days=2)) == ()


@pytest.mark.parametrize(
    "body", [{}, {"hourly": {}}, answer_of(wind_speed_10m="km/h"), [], "fog", None]
)
async def test_a_forecast_that_cannot_be_read_is_refused(city: Preset, body: Any) -> None:
    fetcher = fetching.Fetcher(
        "https://weather.example/v1/forecast",
        city.docks[:1],
        HourlyForecast(Nothing()),
        ManualClock(NOW),
        transport=httpx.MockTransport(lambda _: httpx.Response(200, json=body)),
    )
    with pytest.raises(Unavailable):
        await fetcher.fetch()


def test_hours_of_a_flight_reach_over_both_its_ends() -> None:
    half = NOW + timedelta(minutes=30)
    assert hours_of(half, half + timedelta(hours=1)) == [NOW + timedelta(hours=n) for n in range(3)]
    assert len(read(answer_of(), NOW, "test")) == 6
