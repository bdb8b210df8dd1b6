"""What the members say of a flight: ok, late, risky or infeasible, and why in a sentence."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from sim.rehearse.checks import Passing, ZonePassing
from sim.rehearse.day import Craft, Rules, Sortie
from sim.rehearse.flown import Flown

LATE_OFF_S = 120.0
"""A take-off counts as late from two minutes on: below that nobody's next step moves."""
LATE_DOWN_S, LATE_DOWN_SHARE = 300.0, 0.10
"""A landing is late when it is both 5 minutes and a tenth of the flight after its time."""
RISK, MOSTLY = 0.05, 0.5
"""Shares of the members from which a flight is risky, and infeasible: what goes wrong in most draws
of the forecast is not a risk but the expectation."""
LEAST_CLEAR_M = 8.0
"""Least height above ground on the way: the floor that terrain following keeps is 5 m."""
PHOTOS_SHARE = 0.95


class Verdict(StrEnum):
    """From good to bad."""

    OK = "ok"
    LATE = "late"
    RISKY = "risky"
    INFEASIBLE = "infeasible"


ORDER = tuple(Verdict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong with a flight.

    Attributes:
        code: in one word, for scripts and for the choice of remedies.
        share: of the members in which it happens.
    """

    code: str
    verdict: Verdict
    share: float
    text: str
    text_zh: str


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Everything that the rehearsal showed of one flight.

    Attributes:
        flown: by member.
        clear_m: least height above ground on the way, over the members; None if it never left.
        dusk_s: second of the day when light ends.
        wind_mps: strongest mean wind on the way, by member.
    """

    sortie: Sortie
    craft: Craft
    flown: tuple[Flown, ...]
    passings: tuple[Passing, ...] = ()
    zones: tuple[ZonePassing, ...] = ()
    clear_m: float | None = None
    dusk_s: float | None = None
    wind_mps: tuple[float, ...] = ()

    @property
    def flew(self) -> tuple[Flown, ...]:
        """The members in which it took off."""
        return tuple(f for f in self.flown if f.flew)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A flight with its verdict: that of its worst finding."""

    shown: Shown
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of its findings; ok without any."""
        return max((f.verdict for f in self.findings), key=ORDER.index, default=Verdict.OK)

    @property
    def risk(self) -> float:
        """Share of the members in which it does not end as it should (late ones left out)."""
        return max((f.share for f in self.findings if f.verdict is not Verdict.LATE), default=0.0)

    @property
    def worst(self) -> Finding | None:
        """The finding that decides."""
        return max(self.findings, key=lambda f: (ORDER.index(f.verdict), f.share), default=None)


def judge(shown: Shown, rules: Rules, clock: Callable[[float], str]) -> Judged:
    """All that is wrong with a flight.

    Args:
        clock: a second of the day as people say it, such as 14:05.
    """
    found = (
        *_not_flown(shown),
        *_charge(shown),
        *_cut_short(shown),
        *_late(shown, rules, clock),
        *_near_others(shown, clock),
        *_near_zones(shown),
        *_around(shown),
    )
    return Judged(shown=shown, findings=tuple(found))


def _finding(
    code: str, hits: int, shown: Shown, text: str, text_zh: str, *, worst: Verdict | None = None
) -> list[Finding]:
    """A finding by how many members it happens in; none if hardly any."""
    share = hits / len(shown.flown)
    if share < RISK:
        return []
    verdict = worst or (Verdict.INFEASIBLE if share >= MOSTLY else Verdict.RISKY)
    return [Finding(code=code, verdict=verdict, share=share, text=text, text_zh=text_zh)]


def _in(hits: int, shown: Shown) -> tuple[str, str]:
    n = len(shown.flown)
    if hits == n:
        return "", ""
    return f" in {hits} of {n} draws of the weather", f"（{n} 次天气抽样中 {hits} 次）"


def _not_flown(shown: Shown) -> list[Finding]:
    reasons = [f.not_flown for f in shown.flown if f.not_flown]
    if not reasons:
        return []
    part, part_zh = _in(len(reasons), shown)
    reason = Counter(reasons).most_common(1)[0][0]
    return _finding(
        "not-flown", len(reasons), shown,
        f"it does not take off{part}: {reason}", f"无法起飞{part_zh}：{reason}",
    )  # fmt: skip


def _charge(shown: Shown) -> list[Finding]:
    reserve = shown.craft.spec.reserve
    low = [f for f in shown.flew if f.battery_end < reserve - 0.005]
    if not low:
        return []
    least = min(f.battery_end for f in low)
    part, part_zh = _in(len(low), shown)
    return _finding(
        "charge", len(low), shown,
        f"it lands with {least:.0%} of its charge{part}; the reserve is {reserve:.0%}",
        f"降落时电量 {least:.0%}{part_zh}，低于储备 {reserve:.0%}",
    )  # fmt: skip


def _cut_short(shown: Shown) -> list[Finding]:
    cut = [f for f in shown.flew if f.cut_short]
    if not cut:
        return []
    part, part_zh = _in(len(cut), shown)
    why = Counter(_why_cut(f) for f in cut).most_common(1)[0][0]
    return _finding(
        "cut-short", len(cut), shown,
        f"it is broken off{part}: {why}", f"任务中断{part_zh}：{why}",
    )  # fmt: skip


def _why_cut(flown: Flown) -> str:
    if flown.failsafes:
        return f"the vehicle's own failsafe says {flown.failsafes[0]!r}"
    if flown.turned_back:
        return "the controller calls it back before its charge falls below way home and reserve"
    if flown.landed_away_m > 0 and flown.complete:
        return "it comes down outside its dock"
    return "it lands before the mission is done"


def _late(shown: Shown, rules: Rules, clock: Callable[[float], str]) -> list[Finding]:
    sortie, flew, n = shown.sortie, shown.flew, len(shown.flown)
    if not flew:
        return []
    found: list[Finding] = []
    off = [f for f in flew if f.take_off_s - sortie.start_s > LATE_OFF_S]
    if len(off) >= MOSTLY * n:
        by = median(f.take_off_s - sortie.start_s for f in off) / 60
        why = Counter(f.waited for f in off).most_common(1)[0][0]
        found += _finding(
            "late-off", len(off), shown,
            f"it takes off {by:.0f} min late: {why}", f"起飞晚 {by:.0f} 分钟：{why}",
            worst=Verdict.LATE,
        )  # fmt: skip
    allowed = max(LATE_DOWN_S, LATE_DOWN_SHARE * (sortie.end_s - sortie.start_s))
    down = [f for f in flew if f.landing_s - sortie.end_s > allowed]
    if len(down) >= MOSTLY * n:
        by = median(f.landing_s - sortie.end_s for f in down) / 60
        found += _finding(
            "late-down", len(down), shown,
            f"it lands {by:.0f} min after its time ({clock(sortie.end_s)})",
            f"比计划（{clock(sortie.end_s)}）晚 {by:.0f} 分钟降落",
            worst=Verdict.LATE,
        )  # fmt: skip
    for code, limit, what, what_zh in (
        ("dusk", shown.dusk_s, "daylight ends", "天黑"),
        ("closing", rules.closes_s, "the day closes", "当日收场"),
    ):
        after = [] if limit is None else [f for f in flew if f.landing_s > limit + 60]
        if after and limit is not None:
            part, part_zh = _in(len(after), shown)
            found += _finding(
                code, len(after), shown,
                f"it lands after {clock(limit)}, when {what}{part}",
                f"在 {clock(limit)} {what_zh}之后降落{part_zh}",
                worst=Verdict.RISKY if code == "dusk" else Verdict.LATE,
            )  # fmt: skip
    return found


def _near_others(shown: Shown, clock: Callable[[float], str]) -> list[Finding]:
    if not shown.passings:
        return []
    hits = len({p.member for p in shown.passings})
    p = min(shown.passings, key=lambda p: p.apart_m)
    other = p.second if p.first == shown.sortie.id else p.first
    part, part_zh = _in(hits, shown)
    return _finding(
        "separation", hits, shown,
        f"it comes within {p.apart_m:.0f} m of flight {other} at {clock(p.at_s)}{part}",
        f"{clock(p.at_s)} 与架次 {other} 最近仅 {p.apart_m:.0f} m{part_zh}",
    )  # fmt: skip


def _near_zones(shown: Shown) -> list[Finding]:
    broken = [z for z in shown.zones if z.breaks]
    if not broken:
        return []
    z = min(broken, key=lambda z: z.apart_m)
    part, part_zh = _in(len({b.member for b in broken}), shown)
    what = "enters" if z.apart_m <= 0 else f"comes within {z.apart_m:.0f} m of"
    return _finding(
        "zone", len({b.member for b in broken}), shown,
        f"it {what} {z.zone}{part}; {z.buffer_m:.0f} m are required",
        f"距 {z.zone} 仅 {max(0.0, z.apart_m):.0f} m{part_zh}，要求 {z.buffer_m:.0f} m",
    )  # fmt: skip


def _around(shown: Shown) -> list[Finding]:
    """Ground, photographs, wind."""
    found: list[Finding] = []
    flew, sortie, spec = shown.flew, shown.sortie, shown.craft.spec
    if shown.clear_m is not None and shown.clear_m < LEAST_CLEAR_M:
        found += _finding(
            "ground", len(flew), shown,
            f"it comes down to {shown.clear_m:.0f} m above the ground on its way",
            f"途中离地仅 {shown.clear_m:.0f} m", worst=Verdict.RISKY,
        )  # fmt: skip
    few = [f for f in flew if f.complete and f.photos < PHOTOS_SHARE * sortie.photos]
    if few:
        part, part_zh = _in(len(few), shown)
        taken = min(f.photos for f in few)
        found += _finding(
            "photos", len(few), shown,
            f"it takes {taken} of {sortie.photos} photographs{part}",
            f"仅拍摄 {taken}/{sortie.photos} 张{part_zh}", worst=Verdict.RISKY,
        )  # fmt: skip
    windy = [w for w in shown.wind_mps if w > spec.wind_limit_mps]
    if windy:
        part, part_zh = _in(len(windy), shown)
        found += _finding(
            "wind", len(windy), shown,
            f"the wind rises to {max(windy):.0f} m/s on its way{part}; its limit is "
            f"{spec.wind_limit_mps:.0f} m/s",
            f"途中风速达 {max(windy):.0f} m/s{part_zh}，上限 {spec.wind_limit_mps:.0f} m/s",
        )  # fmt: skip
    return found


def counted(judged: Sequence[Judged]) -> Mapping[str, int]:
    """How many flights of each verdict."""
    found = Counter(j.verdict for j in judged)
    return {v.value: found[v] for v in Verdict}
