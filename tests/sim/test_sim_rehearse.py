"""A day's plan flown in simulation before it flies for real."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.errors import InvalidInput
from sim.rehearse import __main__ as program
from sim.rehearse import day as days
from sim.rehearse import forecast as forecasts
from sim.rehearse.charging import charged
from sim.rehearse.daylight import dusk
from sim.rehearse.flock import AGREES_S, AGREES_SHARE, STEP_S
from sim.rehearse.rehearse import Rehearsed, Stage, rehearse
from sim.rehearse.remedies import remedies
from sim.rehearse.report import content
from sim.rehearse.verdict import Verdict

LON, LAT = 118.80, 28.90
METRE = 1 / 111_000.0
BEGIN = "2026-05-12T00:00:00+08:00"
CALM = "time,wind_mps,from_deg\n2026-05-12T08:00+08:00,1,0\n2026-05-12T18:00+08:00,1,0\n"
STORM = CALM.replace(",1,0", ",30,0")
SPEC: dict[str, Any] = {
    "id": "quad", "name": "Quad", "name_zh": "四旋翼", "vtol": False, "cruise_mps": 15.0,
    "climb_mps": 5.0, "descent_mps": 4.0, "endurance_s": 2400.0, "recharge_s": 1800.0,
    "wind_limit_mps": 12.0, "reserve": 0.2,
    "cameras": [{"id": "cam", "sensor": "visible", "width_px": 4000, "height_px": 3000,
                 "hfov_deg": 70.0}],
}  # fmt: skip


def mission(away_m: float, *, height_m: float = 60.0) -> list[list[float]]:
    """Out to the north and back, a photograph every 40 m on the way home."""

    def at(north_m: float) -> tuple[int, int]:
        return round((LAT + north_m * METRE) * 1e7), round(LON * 1e7)

    return [
        [0, 16, 0, 0, 0, 0, *at(0), 0.0],
        [6, 22, 0, 0, 0, 0, *at(0), height_m],
        [0, 178, 1.0, 15.0, -1.0, 0, 0, 0, 0.0],
        [11, 16, 0, 0, 0, 0, *at(away_m), height_m],
        [0, 206, 40.0, 0, 1.0, 1.0, 0, 0, 0.0],
        [11, 16, 0, 0, 0, 0, *at(0), height_m],
        [0, 206, 0.0, 0, 0, 0, 0, 0, 0.0],
        [0, 20, 0, 0, 0, 0, 0, 0, 0.0],
    ]


def flight(name: str, start: str, minutes: int, away_m: float, **more: Any) -> dict[str, Any]:
    hour, minute = (int(x) for x in start.split(":"))
    end = hour * 60 + minute + minutes
    return {
        "id": name,
        "vehicle": "A",
        "start": f"2026-05-12T{start}:00+08:00",
        "end": f"2026-05-12T{end // 60:02d}:{end % 60:02d}:00+08:00",
        "landing_share": 1 - minutes / 40,
        "needed": 0.5,
        "photos": round(away_m / 40),
        "items": mission(away_m),
        **more,
    }


def body(*flights: dict[str, Any], **more: Any) -> dict[str, Any]:
    vehicles = [
        {"id": name, "lon": LON, "lat": LAT + n * 0.05, "system_id": n + 1, "spec": SPEC}
        for n, name in enumerate("AB")
    ]
    return {
        "format": days.FORMAT,
        "version": 1,
        "begin": BEGIN,
        "zone": "Asia/Shanghai",
        "vehicles": vehicles,
        "flights": list(flights),
        **more,
    }


def staged(given: dict[str, Any], weather: str = CALM, *, members: int = 2, **more: Any) -> Stage:
    day = days.parse(given)
    forecast = forecasts.parse(weather, day.begin)
    return Stage(day=day, forecast=forecast, members=members, seed=3, **more)


@pytest.fixture(scope="module")
def good() -> Rehearsed:
    return rehearse(staged(body(flight("one", "09:00", 7, 2000.0))))


def test_a_sound_flight_is_ok_and_its_landing_photographs_and_charge_are_told(
    good: Rehearsed,
) -> None:
    told = content(good, {}, wall_s=1.0)
    one = told["flights"][0]
    assert one["verdict"] == "ok"
    assert told["counts"] == {"ok": 1, "late": 0, "risky": 0, "infeasible": 0}
    assert 300 < one["rehearsed"]["duration_s"] < 480
    assert one["photos"]["taken"] >= 50
    assert 0.7 < one["rehearsed"]["landing_share_least"] < 0.95
    assert one["clearance_m"] > 30


def test_the_same_seed_gives_the_same_rehearsal(good: Rehearsed) -> None:
    again = rehearse(staged(body(flight("one", "09:00", 7, 2000.0))))
    assert again.flown == good.flown


def test_large_steps_in_straight_cruise_agree_with_the_simulators_own_step(
    good: Rehearsed,
) -> None:
    given = body(flight("one", "09:00", 7, 2000.0))
    fine = rehearse(staged(given, cruise_step_s=STEP_S)).flown["one"]
    for wide, small in zip(good.flown["one"], fine, strict=True):
        assert abs(wide.duration_s / small.duration_s - 1) < AGREES_S
        assert abs(wide.battery_end - small.battery_end) < AGREES_SHARE
        assert abs(wide.photos - small.photos) <= 1


def test_a_flight_that_cannot_come_back_with_its_reserve_is_infeasible() -> None:
    seen = rehearse(staged(body(flight("far", "09:00", 39, 16000.0, needed=0.9)))).judged["far"]
    assert seen.verdict is Verdict.INFEASIBLE
    assert {f.code for f in seen.findings} & {"charge", "cut-short"}


def test_a_storm_keeps_flights_on_the_ground_and_says_so() -> None:
    seen = rehearse(staged(body(flight("one", "09:00", 7, 2000.0)), STORM)).judged["one"]
    assert seen.verdict is Verdict.INFEASIBLE
    assert seen.worst is not None
    assert "its limit is 12.0 m/s" in seen.worst.text


def test_a_late_landing_delays_the_next_and_a_later_time_is_flown_before_it_is_told() -> None:
    long = flight("one", "09:00", 4, 4000.0)
    day = rehearse(staged(body(long, flight("two", "09:06", 7, 2000.0))))
    second = day.judged["two"]
    assert second.verdict is Verdict.LATE
    assert {f.code for f in second.findings} >= {"late-off"}
    told = content(day, remedies(day, rounds=1), wall_s=1.0)["flights"][1]
    assert told["change"] is not None
    assert told["change"]["proven"]
    assert "rehearsed: ok" in told["change"]["text"]


def test_two_drones_that_meet_in_the_air_are_told_with_where_and_when() -> None:
    other = flight("two", "09:00", 12, 3000.0, vehicle="B")
    half = round((LAT + 0.025) * 1e7)
    turns = [row[:2] == [11, 16] for row in other["items"]]
    middle = [
        [*row[:6], half, *row[7:]] if turn else row
        for row, turn in zip(other["items"], turns, strict=True)
    ]
    one = flight("one", "09:00", 12, 0.025 / METRE)
    seen = rehearse(staged(body(one, {**other, "items": middle}))).judged
    texts = [f.text for j in seen.values() for f in j.findings if f.code == "separation"]
    assert texts
    assert "of flight" in texts[0]


def test_a_flight_through_a_zone_is_told_of_the_zone() -> None:
    x, y = LON, LAT + 1000 * METRE
    ring = [[x - 0.002, y], [x + 0.002, y], [x + 0.002, y + 0.002], [x - 0.002, y + 0.002]]
    zone = {
        "id": "z",
        "name": "School",
        "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
        "buffer_m": 50.0,
    }
    seen = rehearse(staged(body(flight("one", "09:00", 7, 2000.0), zones=[zone]))).judged["one"]
    assert seen.verdict is Verdict.INFEASIBLE
    assert any("enters School" in f.text for f in seen.findings)


def test_without_a_forecast_the_members_fly_in_winds_from_different_directions() -> None:
    weather = forecasts.drawn(forecasts.climate(), 4, 1)
    directions = {(round(e, 2), round(n, 2)) for e, n in zip(
        weather.east_mps[:, 12], weather.north_mps[:, 12], strict=True)}  # fmt: skip
    assert len(directions) == 4


def test_charging_goes_the_simulators_way_and_ends_full() -> None:
    assert charged(0.3, 0.0, 1800.0) == 0.3
    assert 0.3 < charged(0.3, 300.0, 1800.0) < charged(0.3, 900.0, 1800.0)
    assert charged(0.3, 20_000.0, 1800.0) == pytest.approx(1.0, abs=1e-3)


def test_dusk_in_quzhou_in_may_is_a_little_after_seven_in_the_evening() -> None:
    day = days.parse(body(flight("one", "09:00", 7, 2000.0)))
    at = dusk(day.crafts[0].position, day.begin.astimezone(ZoneInfo(day.zone)))
    assert at is not None
    assert (at - day.begin).total_seconds() / 3600 == pytest.approx(19.2, abs=0.3)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": "other"}, "no day to rehearse"),
        ({"version": 9}, "version 9"),
        ({"flights": [flight("x", "09:00", 7, 500.0, vehicle="Z")]}, "no vehicle Z"),
        ({"flights": [flight("x", "09:00", 7, 500.0, items=[])]}, "no mission items"),
        ({"flights": [flight("x", "09:00", 7, 500.0, end="2026-05-12T08:00:00+08:00")]}, "ends"),
        ({"begin": "2026-05-12T00:00:00"}, "does not say its zone"),
        ({"rules": {"patience_s": "nan"}}, "patience_s"),
    ],
)
def test_a_wrong_day_is_named(change: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        days.parse({**body(flight("one", "09:00", 7, 2000.0)), **change})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no hours"),
        ("time,wind_mps\n2026-05-12T08:00+08:00,3\n", "from_deg"),
        ("time,wind_mps,from_deg\n2026-05-12T08:00,3,0\n", "does not say its zone"),
        ("time,wind_mps,from_deg\n2026-05-12T08:00+08:00,-3,0\n", "wind_mps is -3"),
        ("time,wind_mps,from_deg\n2026-06-12T08:00+08:00,3,0\n", "another day"),
        ("time,wind_mps,gust_mps,from_deg\n2026-05-12T08:00+08:00,9,3,0\n", "below its mean"),
        ("[1, 2]", "forecast is wrong"),
    ],
)
def test_a_wrong_forecast_is_named(text: str, words: str) -> None:
    day = days.parse(body(flight("one", "09:00", 7, 2000.0)))
    with pytest.raises(InvalidInput, match=words):
        forecasts.parse(text, day.begin)


def test_the_program_writes_its_report_and_names_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, made = tmp_path / "day.json", tmp_path / "report.json"
    source.write_text(json.dumps(body(flight("one", "09:00", 7, 1000.0))))
    assert program.main([str(source), "--members", "1", "--quiet", "--out", str(made)]) == 0
    assert json.loads(made.read_text())["flights"][0]["id"] == "one"
    assert program.main([str(tmp_path / "none.json")]) == 2
    assert "cannot be read" in json.loads(capsys.readouterr().err.strip())["error"]


def test_a_worn_battery_flies_as_far_as_it_still_can() -> None:
    given = body(flight("one", "09:00", 7, 2000.0))
    given["vehicles"][0]["health"] = 0.5
    worn = rehearse(staged(given)).flown["one"][0]
    fresh = rehearse(staged(body(flight("one", "09:00", 7, 2000.0)))).flown["one"][0]
    assert worn.battery_end < fresh.battery_end - 0.05
    assert replace(worn, battery_end=fresh.battery_end).sortie == "one"
