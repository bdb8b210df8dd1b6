"""The checker: a good plan is accepted, and one mutation at a time is caught by its rule."""

from dataclasses import replace
from datetime import timedelta

import pytest
import shapely
from planner_city import COPTER, FRAME, START, station
from planner_hand import ACROSS, ALONG, DAY, EAST, TEN, WEST, flight, moved, plan, point, task

from core.energy import Wind
from core.route import Route
from core.zones import Zone, ZoneKind
from planner.problem import Closure, Flight, Plan, Problem, Separation, Station, Stop
from planner.verify import verify

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
ONE = flight(DAY, WEST, [ALONG], TEN, name="W-1")
TWO = flight(DAY, EAST, [ACROSS], TEN + HOUR, name="E-1")
GOOD = plan(DAY, ONE, TWO)


def _rules(problem: Problem, *flights: Flight) -> set[str]:
    return {v.rule for v in verify(problem, plan(problem, *flights))}


def _with(problem: Problem = DAY, **fields: object) -> Problem:
    return replace(problem, **fields)  # type: ignore[arg-type]


def _docks(**fields: object) -> tuple[Station, ...]:
    return replace(WEST, **fields), EAST  # type: ignore[arg-type]


def _zone(x: float, y: float, radius_m: float = 200.0, **fields: object) -> Zone:
    disc = FRAME.to_degrees(shapely.Point(x, y).buffer(radius_m))
    values = {"id": "Z", "name": "Zone", "name_zh": "区", "kind": ZoneKind.RESTRICTED, **fields}
    return Zone(polygon=disc, **values)  # type: ignore[arg-type]


def _closure(begin: float, end: float, area: object = None) -> Closure:
    """From and to, in minutes after ten."""
    return Closure(
        id="c", start=TEN + begin * MINUTE, end=TEN + end * MINUTE, reason="storm",
        reason_zh="雷暴", area=None if area is None else FRAME.to_degrees(area),
    )  # fmt: skip


def test_the_good_plan_is_accepted() -> None:
    assert verify(DAY, GOOD) == ()
    strict = _with(crew_limit=1, separation=Separation(), now=START)
    assert verify(strict, GOOD) == ()


def test_stops_are_flown_as_they_stand() -> None:
    both = flight(DAY, WEST, [ALONG, ACROSS], TEN)
    assert _rules(DAY, both) == set()
    assert _rules(DAY, replace(both, stops=both.stops[::-1])) == {"route"}
    assert _rules(DAY, replace(both, stops=(Stop("along", reverse=True), both.stops[1]))) == {
        "route"
    }
    dropped = verify(DAY, plan(DAY, replace(both, stops=both.stops[:1])))
    assert [(v.rule, v.where) for v in dropped] == [("account", "across")]
    assert _rules(DAY, replace(both, stops=(*both.stops, both.stops[0]))) >= {"task"}
    assert "account" in _rules(DAY, both, replace(TWO, stops=()))


def test_times_are_those_of_the_path() -> None:
    assert _rules(DAY, replace(ONE, end=ONE.end + 5 * timedelta(seconds=1)), TWO) == {"time"}
    assert _rules(DAY, replace(ONE, landing_share=ONE.landing_share + 0.02), TWO) == {"endurance"}
    assert _rules(DAY, moved(ONE, -7210), TWO) == {"availability"}  # before the day begins
    assert "window" in _rules(DAY, moved(ONE, -7300), TWO)
    assert _rules(_with(now=TEN + MINUTE), ONE, TWO) == {"availability"}
    assert _rules(_with(stations=_docks(available_until=ONE.end - MINUTE)), ONE, TWO) == {
        "availability"
    }


def test_work_lies_in_one_of_its_windows() -> None:
    begin, end = ONE.start + 80 * timedelta(seconds=1), ONE.start + 170 * timedelta(seconds=1)

    def with_windows(*windows: tuple[object, object]) -> Problem:
        return _with(tasks=(replace(ALONG, windows=windows), ACROSS))

    assert _rules(with_windows((begin, end)), ONE, TWO) == set()
    assert _rules(with_windows((START, START + HOUR), (begin, end)), ONE, TWO) == set()
    half = begin + (end - begin) / 2
    assert _rules(with_windows((begin, half), (half, end)), ONE, TWO) == {"window"}
    assert _rules(with_windows((begin + MINUTE, end)), ONE, TWO) == {"window"}
    late = _with(tasks=(replace(ALONG, latest=half), ACROSS))
    assert _rules(late, ONE, TWO) == {"window"}


def test_waiting_before_the_work_is_part_of_the_flight_but_not_of_the_work() -> None:
    begin = ONE.start + 10 * MINUTE
    waits = _with(tasks=(replace(ALONG, earliest=begin), ACROSS))
    way = [*ONE.route.waypoints]
    way[1] = replace(way[1], hold_s=540.0)
    waiting = flight(DAY, WEST, [ALONG], TEN, name="W-1", way=way)
    assert (waiting.end - ONE.end).total_seconds() == pytest.approx(540)
    assert _rules(waits, ONE, TWO) == {"window"}
    assert _rules(waits, waiting, TWO) == set()


def test_a_transfer_cut_straight_through_a_zone_is_named_with_its_place() -> None:
    closed = _with(zones=(_zone(500, 0),))
    found = verify(closed, GOOD)
    assert [(v.rule, v.where) for v in found] == [("zone", "W-1")]
    assert "Zone" in found[0].message
    assert "118.87" in found[0].message
    round_it = [point(0, 0), point(500, 300), *ONE.route.waypoints[1:3], point(500, 300)]
    way = [*round_it, point(0, 0)]
    assert _rules(closed, flight(DAY, WEST, [ALONG], TEN, name="W-1", way=way), TWO) == set()
    near = [replace(w, position=FRAME.point(500, 245)) if k in (1, 4) else w
            for k, w in enumerate(way)]  # fmt: skip
    assert _rules(closed, flight(DAY, WEST, [ALONG], TEN, name="W-1", way=near), TWO) == {"zone"}


@pytest.mark.parametrize("buffer_m", [0.0, 50.0])
def test_zones_hold_between_their_heights_only(buffer_m: float) -> None:
    def over(floor_m: float, ceiling_m: float, x: float = 500) -> set[str]:
        zone = _zone(x, 0, floor_m=floor_m, ceiling_m=ceiling_m, buffer_m=buffer_m)
        return _rules(_with(zones=(zone,)), ONE, TWO)

    assert over(0, 1000) == over(80, 90) == over(70, 80) == {"zone"}
    assert over(81, 1000) == over(0, 79) == set()
    # the dock lies in it: what flies over it must still climb through it
    assert over(0, 60, x=0) == {"zone"}
    climbing = [
        point(0, 0, height_m=60.0),
        point(1000, 0, height_m=100.0),
        *ONE.route.waypoints[2:],
    ]
    slope = flight(DAY, WEST, [], TEN, name="W-1", way=climbing)
    zone = _zone(500, 0, 20.0, floor_m=0, ceiling_m=70, buffer_m=buffer_m)
    found = verify(_with(zones=(zone,)), plan(DAY, slope, TWO))
    assert "zone" not in {v.rule for v in found}
    zone = replace(zone, ceiling_m=81.0)
    assert "zone" in {v.rule for v in verify(_with(zones=(zone,)), plan(DAY, slope, TWO))}


def test_a_timed_zone_may_be_crossed_while_it_does_not_hold() -> None:
    def held(begin_s: float, end_s: float) -> set[str]:
        active = tuple(ONE.start + s * timedelta(seconds=1) for s in (begin_s, end_s))
        return _rules(_with(zones=(_zone(500, 0, 100.0, active=active),)), ONE, TWO)

    # it is crossed 46 to 66 s after the start, and again before the landing
    assert held(0, 40) == held(72, 150) == set()
    assert held(0, 50) == held(60, 150) == {"zone"}


def test_a_zone_is_entered_however_short_the_cut() -> None:
    corner = FRAME.to_degrees(shapely.Polygon([(400, -2), (500, 300), (300, 300)]))
    zone = replace(_zone(0, 0), polygon=corner, buffer_m=0.0)
    assert _rules(_with(zones=(zone,)), ONE, TWO) == {"zone"}


def test_nothing_flies_while_everything_or_its_way_is_closed() -> None:
    assert _rules(_with(closures=(_closure(-5, 1),)), ONE, TWO) == {"closure"}
    assert _rules(_with(closures=(_closure(-5, 0),)), ONE, TWO) == set()
    away, onway = shapely.box(5000, 5000, 6000, 6000), shapely.box(900, -100, 1100, 100)
    assert _rules(_with(closures=(_closure(-5, 600, away),)), ONE, TWO) == set()
    assert _rules(_with(closures=(_closure(-5, 600, onway),)), ONE, TWO) == {"closure"}
    assert _rules(_with(closures=(_closure(-5, 1, onway),)), ONE, TWO) == set()
    assert _rules(_with(closures=(_closure(5, 600, onway),)), ONE, TWO) == set()


def test_crews_watch_so_many_flights_frozen_ones_included() -> None:
    beside = moved(TWO, -3600)
    assert _rules(_with(crew_limit=2), ONE, beside) == set()
    found = verify(_with(crew_limit=1), plan(DAY, ONE, beside))
    assert {v.rule for v in found} == {"crew"}
    only = _with(stations=(WEST,), tasks=(ALONG,), frozen=(beside,), crew_limit=1)
    assert _rules(only, ONE) == {"crew"}
    assert _rules(replace(only, frozen=(TWO,)), ONE) == set()
    after = moved(TWO, (ONE.end - TWO.start).total_seconds())
    assert _rules(replace(only, frozen=(after,)), ONE) == set()


def test_two_flights_at_one_place_at_once_are_too_close() -> None:
    ruled = _with(separation=Separation())
    # both pass (2000, 0): W-1 150 s after its start, E-1 much later
    beside = moved(TWO, -3600)
    lags = {lag: _rules(ruled, ONE, moved(beside, lag)) for lag in range(-600, 601, 20)}
    assert {"separation"} in lags.values()
    assert lags[-600] == lags[600] == set()
    close = [lag for lag, rules in lags.items() if rules]
    assert max(close) - min(close) <= 2 * 30 + 80
    lag = close[len(close) // 2]
    assert _rules(DAY, ONE, moved(beside, lag)) == set()
    high = {COPTER.id: Route(tuple(replace(w, height_m=96.0) for w in
                                   ACROSS.routes[COPTER.id].waypoints))}  # fmt: skip
    above = replace(ACROSS, routes=high)
    over = _with(ruled, tasks=(ALONG, above))
    way = [point(4000, 0, height_m=96.0), *high[COPTER.id].waypoints, point(4000, 0, height_m=96.0)]
    up = flight(DAY, EAST, [above], TEN + lag * timedelta(seconds=1), name="E-1", way=way)
    assert _rules(over, ONE, up) == set()
    frozen = _with(ruled, stations=(WEST,), tasks=(ALONG,), frozen=(moved(beside, lag),))
    assert "separation" in _rules(frozen, ONE)


def test_docks_see_to_what_is_near_them() -> None:
    beside = replace(station("E", 40, 0, COPTER), spec=COPTER)
    day = _with(stations=(WEST, beside), separation=Separation())
    north = task("north", (40, 2000), (40, 2500))
    day = replace(day, tasks=(ALONG, north))
    other = flight(day, beside, [north], TEN, name="E-1")
    assert _rules(day, ONE, other) == set()
    narrow = replace(day, separation=Separation(near_dock_m=0.0, within_m=60.0))
    assert _rules(narrow, ONE, other) == {"separation"}


def test_standby_and_filing_and_places_twice_are_caught() -> None:
    assert _rules(_with(stations=_docks(standby=True)), ONE, TWO) == {"standby"}
    due = _with(tasks=(replace(ALONG, file_by=TEN - HOUR), ACROSS), now=TEN - 2 * HOUR)
    assert _rules(due, ONE, TWO) == set()
    assert _rules(replace(due, now=TEN - MINUTE), ONE, TWO) == {"filing"}
    frozen = replace(ONE, id="frozen", station="other")
    assert "task" in _rules(_with(frozen=(frozen,)), ONE, TWO)


def test_a_worn_battery_gives_less() -> None:
    used = (ONE.end - ONE.start).total_seconds()
    share = 1 - used / (COPTER.endurance_s * 0.5)
    worn = _with(stations=_docks(health=0.5))
    assert _rules(worn, replace(ONE, landing_share=share), TWO) == set()
    assert _rules(worn, ONE, TWO) == {"endurance"}
    assert used > 0.3 * COPTER.usable_s / 2
    weak = replace(COPTER, endurance_s=used * 1.2)
    few = _with(stations=_docks(spec=weak))
    found = verify(few, plan(few, replace(ONE, landing_share=1 - used / weak.endurance_s), TWO))
    assert ["reserve" in v.message for v in found] == [True]


def test_a_drone_lands_where_it_is_told_and_starts_from_there_again() -> None:
    elsewhere = FRAME.point(1500, 1500)
    away = replace(WEST, lands_at=elsewhere)
    day = _with(stations=(away, EAST))
    one = flight(day, away, [ALONG], TEN, name="W-1")
    assert _rules(day, one, TWO) == set()
    assert _rules(day, ONE, TWO) == {"route"}
    more = task("more", (1500, 500), (1000, 500))
    day = replace(day, tasks=(ALONG, ACROSS, more))
    later = one.end + timedelta(seconds=COPTER.recharge_s)
    assert _rules(day, one, flight(day, away, [more], later, begin=elsewhere), TWO) == set()
    assert _rules(day, one, flight(day, away, [more], later), TWO) == {"route"}


def test_a_drone_in_the_air_goes_on_from_where_it_is() -> None:
    spot = FRAME.point(1000, 600)
    going = replace(WEST, starts_from=spot, airborne_s=600.0, available_from=TEN)
    day = _with(stations=(going, EAST))
    one = flight(day, going, [ALONG], TEN, name="W-1", begin=spot, aloft=True)
    assert _rules(day, one, TWO) == set()
    # waiting in the air is flying as well
    spare = 600.0 - (one.end - one.start).total_seconds()
    assert _rules(day, moved(one, spare - 5), TWO) == set()
    assert _rules(day, moved(one, spare + 5), TWO) == {"endurance"}
    # it may go home unasked, and fly again when it is charged
    home = 600.0 + COPTER.recharge_s
    ready = TEN + home * timedelta(seconds=1)
    assert _rules(day, flight(day, WEST, [ALONG], ready, name="W-1"), TWO) == set()
    soon = flight(day, WEST, [ALONG], ready - MINUTE, name="W-1")
    assert _rules(day, soon, TWO) == {"recharge"}
    nowhere = flight(day, going, [ALONG], TEN, name="W-1", begin=FRAME.point(0, 3000), aloft=True)
    assert "route" in _rules(day, nowhere, TWO)


def test_a_drone_rests_after_its_frozen_flight_and_before_it() -> None:
    frozen = flight(DAY, WEST, [task("old", (500, 500), (800, 500))], TEN - HOUR, name="frozen")
    rested = frozen.end + timedelta(seconds=COPTER.recharge_s)
    day = _with(frozen=(frozen,))
    assert _rules(day, flight(day, WEST, [ALONG], rested), TWO) == set()
    assert _rules(day, flight(day, WEST, [ALONG], rested - MINUTE), TWO) == {"recharge"}
    before = moved(ONE, (frozen.start - ONE.end).total_seconds() - COPTER.recharge_s)
    assert _rules(day, before, TWO) == set()
    assert _rules(day, moved(before, 60), TWO) == {"recharge"}
    assert _rules(day, moved(ONE, (frozen.start - ONE.start).total_seconds()), TWO) == {"recharge"}


def test_height_and_camera_limits() -> None:
    high = [replace(w, height_m=130.0) for w in ONE.route.waypoints]
    assert "height" in _rules(DAY, flight(DAY, WEST, [ALONG], TEN, name="W-1", way=high), TWO)
    low = [replace(w, height_m=20.0) for w in ONE.route.waypoints]
    assert "height" in _rules(DAY, flight(DAY, WEST, [ALONG], TEN, name="W-1", way=low), TWO)
    quick = [*ONE.route.waypoints]
    quick[1] = replace(quick[1], photo_spacing_m=2.0)
    assert "sensor" in _rules(DAY, flight(DAY, WEST, [ALONG], TEN, name="W-1", way=quick), TWO)


def test_an_unknown_drone_s_frozen_flight_is_kept_from_too() -> None:
    stranger = replace(moved(TWO, -3600), station="stranger")
    day = _with(stations=(WEST,), tasks=(ALONG,), frozen=(stranger,), separation=Separation())
    lags = [bool(verify(day, plan(day, moved(ONE, lag)))) for lag in range(-600, 601, 20)]
    assert any(lags)
    assert not all(lags)


def test_a_plan_in_a_storm_is_no_crash() -> None:
    storm = _with(wind=Wind(15.0, 90.0), separation=Separation())
    assert "wind" in {v.rule for v in verify(storm, GOOD)}


def test_an_empty_plan_is_checked_too() -> None:
    nothing = Plan(flights=(), unserved={}, value=0.0, km=0.0)
    found = verify(_with(separation=Separation(), crew_limit=0), nothing)
    assert {(v.rule, v.where) for v in found} == {("account", "along"), ("account", "across")}
