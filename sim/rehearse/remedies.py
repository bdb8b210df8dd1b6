"""What to change: changes that are likely to help are flown again, and only what was is claimed.

A change is another time, another speed, or a flight that the service built as an alternative (other
drone, split, a task left out). The changed flight is flown in every member from the state in which
its drone was then, with the flight after it, and against everybody else's tracks. It is proven when
it comes out ok and nobody comes out worse.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pymavlink.dialects.v20 import ardupilotmega as wire

from sim.autopilot.items import Item
from sim.rehearse.day import Sortie
from sim.rehearse.flock import Programme
from sim.rehearse.rehearse import Rehearsed, Stage, Tell, fly, show
from sim.rehearse.verdict import ORDER, Judged, Verdict, judge

ROUNDS = 4
"""So many changes are tried for a flight at most."""
MOST = 60
"""So many flights are helped at most, the worst first: a plan with more is to be made anew."""
SLOWER = 0.8
STEP_S = 300.0
"""Times of day are told in whole five minutes."""
SLOT_S = 1800.0
CALM_SLOTS = 2
GAP_S = 120.0


@dataclass(frozen=True, kw_only=True)
class Change:
    """Something to do instead.

    Attributes:
        flight: whose change it is.
        sorties: what is flown in its place.
        kind: time, speed, or the service's own: swap, split, drop.
    """

    flight: str
    kind: str
    text: str
    text_zh: str
    sorties: tuple[Sortie, ...]


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A change that was flown, and how it came out."""

    change: Change
    judged: tuple[Judged, ...]
    harmed: tuple[str, ...]

    @property
    def proven(self) -> bool:
        """Whether it may be proposed."""
        return not self.harmed and all(j.verdict is Verdict.OK for j in self.judged)


def remedies(
    day: Rehearsed, *, rounds: int = ROUNDS, jobs: int = 1, tell: Tell = lambda done, text: None
) -> dict[str, list[Tried]]:
    """For each flight that is not ok, the changes tried in turn; a proven one is the last."""
    trouble = [j for j in day.judged.values() if j.verdict is not Verdict.OK]
    trouble.sort(key=lambda j: (-ORDER.index(j.verdict), -j.risk))
    ways = {j.shown.sortie.id: list(_ways(day, j))[:rounds] for j in trouble[:MOST]}
    tried: dict[str, list[Tried]] = {flight: [] for flight in ways}
    for number in range(rounds):
        batch = [
            ways[flight][number]
            for flight, done in tried.items()
            if len(ways[flight]) > number and not any(t.proven for t in done)
        ]
        if not batch:
            break
        tell(0.85 + 0.15 * number / rounds, f"{len(batch)} changes flown again")
        for outcome in _flown_again(day, batch, jobs):
            tried[outcome.change.flight].append(outcome)
    return tried


def _ways(day: Rehearsed, judged: Judged) -> Iterator[Change]:
    """Changes in the order in which they cost, as the findings suggest."""
    stage, sortie = day.stage, judged.shown.sortie
    codes = {f.code for f in judged.findings}
    if codes & {"late-off"}:
        yield from _later(stage, judged)
    if codes & {"late-down"} and not codes & {"late-off", "charge", "cut-short", "not-flown"}:
        yield from _timed(stage, judged)
    if codes & {"separation"}:
        yield from (_moved(stage, sortie, by) for by in (120.0, -120.0, 300.0, -300.0))
    if codes & {"dusk", "closing", "late-off"}:
        yield from (_moved(stage, sortie, by) for by in (-1200.0, -2400.0))
    if codes & {"photos"}:
        yield _slower(sortie)
    if codes & {"charge", "cut-short", "not-flown", "dusk", "closing", "late-off"}:
        yield from _alternatives(day, sortie)
    if codes & {"charge", "cut-short", "not-flown", "wind"}:
        yield from _calmer(day, judged)
    if codes & {"charge"}:
        yield from _later(stage, judged)


def _later(stage: Stage, judged: Judged) -> Iterator[Change]:
    """When the drone is really ready in every member, in whole five minutes."""
    sortie = judged.shown.sortie
    ready = max((f.take_off_s for f in judged.shown.flew), default=sortie.start_s)
    full = 0.0
    if judged.shown.flew:
        least = min(f.battery_start for f in judged.shown.flew)
        full = (1.0 - least) * judged.shown.craft.spec.recharge_s
    wait = max(ready - sortie.start_s, full)
    by = -(-max(wait, 60.0) // STEP_S) * STEP_S
    yield _moved(stage, sortie, by)


def _timed(stage: Stage, judged: Judged) -> Iterator[Change]:
    """The same flight with the time that it takes."""
    sortie = judged.shown.sortie
    end = max(f.landing_s - f.take_off_s for f in judged.shown.flew) + sortie.start_s
    more = -(-(end - sortie.end_s) // 60) * 60
    changed = replace(sortie, end_s=sortie.end_s + more)
    yield Change(
        flight=sortie.id,
        kind="time",
        text=f"allow it {more / 60:.0f} min more: down by {stage.clock(changed.end_s)}",
        text_zh=f"预留多 {more / 60:.0f} 分钟，{stage.clock(changed.end_s)} 前降落",
        sorties=(changed,),
    )


def _moved(stage: Stage, sortie: Sortie, by_s: float) -> Change:
    """The same flight at another time; its end moves with it."""
    start = max(0.0, sortie.start_s + by_s)
    changed = replace(sortie, start_s=start, end_s=sortie.end_s + (start - sortie.start_s))
    word, word_zh = ("later", "推迟") if by_s > 0 else ("earlier", "提前")
    minutes = abs(start - sortie.start_s) / 60
    return Change(
        flight=sortie.id,
        kind="time",
        text=f"start {minutes:.0f} min {word}, at {stage.clock(start)}",
        text_zh=f"{word_zh} {minutes:.0f} 分钟，{stage.clock(start)} 起飞",
        sorties=(changed,),
    )


def _slower(sortie: Sortie) -> Change:
    items = tuple(_slowed(i) for i in sortie.items)
    return Change(
        flight=sortie.id,
        kind="speed",
        text=f"fly at {SLOWER:.0%} of the speed",
        text_zh=f"以 {SLOWER:.0%} 速度飞行",
        sorties=(replace(sortie, items=items),),
    )


def _slowed(item: Item) -> Item:
    if item.command != wire.MAV_CMD_DO_CHANGE_SPEED:
        return item
    return replace(item, param2=item.param2 * SLOWER)


def _alternatives(day: Rehearsed, sortie: Sortie) -> Iterator[Change]:
    """What the service built: other drone, split in two, a task left out."""
    given = {a.id: a for a in day.stage.day.alternatives if a.alternative_to == sortie.id}
    second = {a.beside for a in given.values() if a.beside}
    for one in given.values():
        if one.id in second:
            continue
        both = (one, given[one.beside]) if one.beside in given else (one,)
        yield Change(
            flight=sortie.id,
            kind=one.id.rsplit("~", 1)[-1].rstrip("0123456789"),
            text=one.change,
            text_zh=one.change_zh,
            sorties=both,
        )


def _calmer(day: Rehearsed, judged: Judged) -> Iterator[Change]:
    """Gaps of the drone's day with less wind, the calmest first."""
    stage, sortie = day.stage, judged.shown.sortie
    forecast = stage.forecast
    took = max((f.duration_s for f in judged.shown.flew), default=0.0)
    length = max(took, 1.2 * (sortie.end_s - sortie.start_s))
    busy = [
        (f.take_off_s - GAP_S, f.landing_s + GAP_S)
        for other, flown in day.flown.items()
        if other != sortie.id
        for f in flown
        if f.vehicle == sortie.vehicle
    ]
    first = min(s.start_s for s in stage.day.sorties)
    last = min(stage.day.rules.closes_s, sortie.latest_s, first + 12 * 3600.0) - length
    slots, at = [], first
    while at <= last:
        if abs(at - sortie.start_s) > SLOT_S / 2 and not any(
            a < at + length and at < b for a, b in busy
        ):
            slots.append(at)
        at += SLOT_S

    def blow(at_s: float) -> float:
        times = [at_s, at_s + length / 2, at_s + length]
        return max(
            stage.weather.speed_mps(0, t) + 3.0 * (stage.weather.rain(0, t) >= 1.0) for t in times
        )

    for at in sorted(slots, key=blow)[:CALM_SLOTS] if forecast.known else ():
        yield _moved(stage, sortie, at - sortie.start_s)


def _flown_again(day: Rehearsed, batch: Sequence[Change], jobs: int) -> Iterator[Tried]:
    """Fly a batch of changes, each in every member, and judge them."""
    stage = day.stage
    named, programmes = [], []
    for number, change in enumerate(batch):
        mine, after = _programmes(day, change, number)
        programmes += mine
        named.append((change, after))
    flown, tracks = fly(stage, programmes, jobs=jobs)
    for number, (change, after) in enumerate(named):
        own = {_name(s, number): s for s in change.sorties}
        follow = {_name(s, number): s for s in after}
        without = frozenset({change.flight, *(s.id for s in after)})
        new = [t for t in tracks if t.sortie in own or t.sortie in follow]
        sorties = [replace(s, id=n) for n, s in {**own, **follow}.items()]
        shown = show(stage, sorties, flown, new, day.traffic.met_by(new, without))
        judged = {s.sortie.id: judge(s, stage.day.rules, stage.clock) for s in shown}
        harmed = tuple(
            s.id
            for n, s in follow.items()
            if ORDER.index(judged[n].verdict) > ORDER.index(day.judged[s.id].verdict)
        )
        too_late = any(
            f.landing_s > s.latest_s + 60 for n, s in own.items() for f in flown.get(n, ())
        )
        yield Tried(
            change=change,
            judged=tuple(judged[n] for n in own),
            harmed=(*harmed, *((change.flight,) if too_late else ())),
        )


def _name(sortie: Sortie, number: int) -> str:
    """The name under which a flight is flown again: one flight may be in several changes."""
    return f"{sortie.id}#{number}"


def _programmes(
    day: Rehearsed, change: Change, number: int
) -> tuple[list[Programme], tuple[Sortie, ...]]:
    """In each member: the drone as it was before, the changed flight, and the one after it."""
    stage, vehicle = day.stage, change.sorties[0].vehicle
    others = sorted(
        (s for s in stage.day.sorties if s.vehicle == vehicle and s.id != change.flight),
        key=lambda s: s.start_s,
    )
    first = change.sorties[0].start_s
    before = [s for s in others if s.start_s < first]
    after = tuple(s for s in others if s.start_s >= first)[:1]
    craft = stage.crafts[vehicle]
    sorties = tuple(
        replace(s, id=_name(s, number))
        for s in sorted((*change.sorties, *after), key=lambda s: s.start_s)
    )
    programmes = []
    for member in range(stage.members):
        battery, free_s = craft.battery, craft.free_s
        if before:
            last = day.flown[before[-1].id][member]
            battery, free_s = last.battery_end, last.landing_s
        programmes.append(
            Programme(member=member, craft=craft, sorties=sorties, battery=battery, free_s=free_s)
        )
    return programmes, after


def proven(tried: Mapping[str, Sequence[Tried]], flight: str) -> Change | None:
    """The change that is proven to help a flight, if any is."""
    return next((t.change for t in tried.get(flight, ()) if t.proven), None)
