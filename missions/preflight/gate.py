"""Go or no-go ahead of a launch. Pure: what is known in, checks out.

`fleet.watch.safeguard` judges the vehicle and the air at the dock at the moment of the launch; this
looks at the paper, at people's word, and at the weather for as long as the flight lasts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.clearance import conflicts
from core.equipment import VehicleSpec
from core.zones import Zone
from missions.entities import Filing, FilingState, Flight
from missions.preflight.forecast import Outlook
from missions.preflight.model import Check, Grounding, Word
from missions.preflight.volumes import not_covered
from missions.presets import WeatherRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known about a flight that is to go.

    Attributes:
        outlooks: the weather from take-off to landing; empty where it is not known.
        groundings: those in force for its county, dock or itself.
    """

    flight: Flight
    filing: Filing | None
    spec: VehicleSpec
    zones: Sequence[Zone]
    outlooks: Sequence[Outlook]
    groundings: Sequence[Grounding]
    rules: WeatherRules


def look(known: Known) -> tuple[Check, ...]:
    """Every check, whatever it says."""
    return (
        filing_check(known.filing, known.flight),
        *grounding_checks(known.groundings),
        airspace_check(known.flight, known.zones),
        *weather_checks(known.outlooks, known.spec, known.rules),
    )


def filing_check(filing: Filing | None, flight: Flight) -> Check:
    """Whether it was filed as it is to be flown, and approved."""
    if filing is None:
        return _no("filing", "the flight was not filed", "未申报飞行活动")
    if filing.state is FilingState.FILED:
        return Check(
            name="filing",
            word=Word.UNKNOWN,
            text="filed, not answered yet",
            text_zh="已申报，待批复",
        )
    if filing.state is not FilingState.APPROVED:
        why = f": {filing.remark}" if filing.remark else ""
        return _no("filing", f"the filing was {filing.state}{why}", f"飞行申报未获批准{why}")
    beyond = not_covered(filing, flight)
    if beyond:
        return _no("filing", beyond, "超出已批准的空域或时段")
    number = f" ({filing.number})" if filing.number else ""
    by = filing.answered_by or "-"
    return _go("filing", f"approved by {by}{number}", f"已批准{number}")


def grounding_checks(groundings: Iterable[Grounding]) -> tuple[Check, ...]:
    """People's word that nothing takes off."""
    found = tuple(
        _no("grounding", f"grounded by {g.by}: {g.reason}", f"{g.by} 停飞：{g.reason}")
        for g in groundings
    )
    return found or (_go("grounding", "nothing is grounded", "无停飞指令"),)


def airspace_check(flight: Flight, zones: Sequence[Zone]) -> Check:
    """Whether the route keeps clear of every zone while it is flown."""
    path = [w.position for w in flight.route.waypoints]
    top_m = max(w.height_m for w in flight.route.waypoints)
    hit = conflicts(path, zones, height_m=top_m, start=flight.start, end=flight.end)
    if hit:
        return _no("airspace", str(hit[0]), f"航线与禁飞区冲突：{hit[0].zone.name_zh}")
    return _go("airspace", "clear of every no-fly zone", "避开全部禁飞区")


def weather_checks(
    outlooks: Sequence[Outlook], spec: VehicleSpec, rules: WeatherRules
) -> tuple[Check, ...]:
    """Wind, rain, sight and temperature from take-off to landing, by the worst of each."""
    if not outlooks:
        text = "not known so far ahead; the dock's station decides at the launch"
        return (
            Check(
                name="weather",
                word=Word.UNKNOWN,
                text=text,
                text_zh="暂无预报，起飞前以机场气象站为准",
            ),
        )
    reasons = [*_wind(outlooks, spec), *_rain(outlooks, rules), *_sight(outlooks, rules)]
    reasons += _warmth(outlooks, rules)
    if reasons:
        return tuple(_no("weather", text, zh) for text, zh in reasons)
    windiest = max(o.decisive_mps for o in outlooks)
    source = outlooks[0].source
    text = f"wind up to {windiest:.1f} m/s of {spec.wind_limit_mps:.1f} ({source})"
    return (_go("weather", text, f"最大风速 {windiest:.1f} m/s（{source}）"),)


def _wind(outlooks: Sequence[Outlook], spec: VehicleSpec) -> list[tuple[str, str]]:
    worst = max(outlooks, key=lambda o: o.decisive_mps)
    if worst.decisive_mps <= spec.wind_limit_mps:
        return []
    text = (
        f"wind {worst.wind_mps:.1f} m/s, gusts {worst.gust_mps:.1f} at {worst.at:%H:%M} UTC; "
        f"its limit is {spec.wind_limit_mps:.1f} m/s ({worst.source})"
    )
    zh = f"风速 {worst.wind_mps:.1f}、阵风 {worst.gust_mps:.1f} m/s，超过 {spec.wind_limit_mps:.1f}"
    return [(text, zh)]


def _rain(outlooks: Sequence[Outlook], rules: WeatherRules) -> list[tuple[str, str]]:
    worst = max(outlooks, key=lambda o: o.rain_mmph)
    if worst.rain_mmph < rules.rain_mmph:
        return []
    limit = rules.rain_mmph
    text = f"rain {worst.rain_mmph:.1f} mm/h, the limit is {limit:.1f} ({worst.source})"
    return [(text, f"降雨 {worst.rain_mmph:.1f} mm/h，超过 {limit:.1f}")]


def _sight(outlooks: Sequence[Outlook], rules: WeatherRules) -> list[tuple[str, str]]:
    seen = [o.visibility_m for o in outlooks if o.visibility_m is not None]
    if not seen or min(seen) >= rules.visibility_m:
        return []
    text = f"sight {min(seen):.0f} m, {rules.visibility_m:.0f} m are needed"
    return [(text, f"能见度 {min(seen):.0f} m，低于 {rules.visibility_m:.0f} m")]


def _warmth(outlooks: Sequence[Outlook], rules: WeatherRules) -> list[tuple[str, str]]:
    low, high = rules.temperature_c
    warm = [o.temperature_c for o in outlooks if o.temperature_c is not None]
    wrong = [t for t in warm if not low <= t <= high]
    if not wrong:
        return []
    text = f"{wrong[0]:.0f} C, drones fly between {low:.0f} and {high:.0f} C"
    return [(text, f"气温 {wrong[0]:.0f} ℃，超出 {low:.0f}~{high:.0f} ℃")]


def _go(name: str, text: str, text_zh: str) -> Check:
    return Check(name=name, word=Word.GO, text=text, text_zh=text_zh)


def _no(name: str, text: str, text_zh: str) -> Check:
    return Check(name=name, word=Word.NO_GO, text=text, text_zh=text_zh)
