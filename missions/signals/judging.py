"""Does a reading cross a rule? Pure: a device's state and its readings in, its next state out.

A rule has hysteresis (armed again only at `clear`) and persistence (so many readings in a row, over
so long). A change is judged against the lowest and highest value of a window, kept in a fixed
number of parts: the window reaches back its length and at most a part of it (1/16) farther.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from missions.catalog.signals import SensorKind, SensorRule, When
from missions.signals.model import Gauge, HourFigures, OwnLimit, RuleState, Tracing

Reading = tuple[float, float]
"""Seconds since 1970, value."""
PARTS = 16
"""Of a window: memory stays the same however often a device sends."""
HOUR_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """A rule that a reading crossed; `measure` is the value, or the change for rules on one."""

    signal_id: str
    rule: SensorRule
    at_s: float
    measure: float
    limit: float
    before: tuple[Reading, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What readings made of a device.

    Attributes:
        cleared: by signal id, when the rule that made it was armed again.
        after: by signal id, readings to keep as evidence.
        hours: (start_s, figures) of the hours that ended.
    """

    gauge: Gauge
    crossings: tuple[Crossing, ...]
    cleared: Mapping[str, float]
    after: Mapping[str, Sequence[Reading]]
    hours: tuple[tuple[float, HourFigures], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What judging a device's readings needs beside them.

    Attributes:
        fresh_s: readings before this time raise nothing.
        evidence: readings kept before, and after, a crossing.
        name: makes the id of a new signal.
    """

    kind: SensorKind
    limits: Mapping[str, OwnLimit]
    fresh_s: float
    evidence: int
    received_at: datetime
    name: Callable[[], str]


def judge(setting: Setting, gauge: Gauge | None, readings: Sequence[Reading]) -> Judged:
    """Take a device's readings, later than its last one and in order of time; at least one."""
    run = _Run(setting, gauge)
    for reading in readings:
        run.take(reading)
    return run.judged()


class _Run:
    """One device's readings of one batch."""

    def __init__(self, setting: Setting, gauge: Gauge | None) -> None:
        self._setting = setting
        self._gauge = gauge
        known = {state.rule: state for state in gauge.states} if gauge else {}
        self._rules = [
            (rule, bounds) for rule in setting.kind.rules if (bounds := bounds_of(setting, rule))
        ]
        self._states = [known.get(rule.id) or RuleState(rule=rule.id) for rule, _ in self._rules]
        self._recent = list(gauge.recent) if gauge else []
        self._left = {t.signal_id: t.left for t in gauge.tracing} if gauge else {}
        self._hour = (
            (gauge.hour_s, gauge.count, gauge.total, gauge.low, gauge.high) if gauge else None
        )
        self._crossings: list[Crossing] = []
        self._cleared: dict[str, float] = {}
        self._after: dict[str, list[Reading]] = {}
        self._hours: list[tuple[float, HourFigures]] = []

    def take(self, reading: Reading) -> None:
        self._thin(reading)
        self._trace(reading)
        self._recent.append(reading)
        for place, (rule, bounds) in enumerate(self._rules):
            self._states[place] = self._step(self._states[place], rule, bounds, reading)
        del self._recent[: -self._setting.evidence]

    def judged(self) -> Judged:
        at_s, value = self._recent[-1]
        hour_s, count, total, low, high = self._hour or (0.0, 0, 0.0, 0.0, 0.0)
        gauge = Gauge(
            id=self._gauge.id if self._gauge else "",
            at_s=at_s,
            value=value,
            received_at=self._setting.received_at,
            silent_at=self._setting.received_at + self._setting.kind.silence,
            states=tuple(self._states),
            recent=tuple(self._recent),
            tracing=tuple(Tracing(signal_id=s, left=n) for s, n in self._left.items() if n > 0),
            hour_s=hour_s,
            count=count,
            total=total,
            low=low,
            high=high,
        )
        return Judged(
            gauge=gauge,
            crossings=tuple(self._crossings),
            cleared=self._cleared,
            after=self._after,
            hours=tuple(self._hours),
        )

    def _thin(self, reading: Reading) -> None:
        at_s, value = reading
        start = at_s - at_s % HOUR_S
        if self._hour is None or self._hour[0] != start:
            if self._hour is not None and self._hour[1]:
                self._hours.append((self._hour[0], figures(self._hour)))
            self._hour = (start, 1, value, value, value)
            return
        _, count, total, low, high = self._hour
        self._hour = (start, count + 1, total + value, min(low, value), max(high, value))

    def _trace(self, reading: Reading) -> None:
        for signal_id, left in self._left.items():
            if left > 0:
                self._after.setdefault(signal_id, []).append(reading)
                self._left[signal_id] = left - 1

    def _step(
        self, state: RuleState, rule: SensorRule, bounds: OwnLimit, reading: Reading
    ) -> RuleState:
        at_s, value = reading
        buckets = state.buckets
        if rule.when.of_change:
            buckets = _windowed(buckets, rule.window.total_seconds(), reading)
        measure = _measure(rule.when, value, buckets)
        if state.raised:
            if not _is_back(rule.when, measure, bounds.clear):
                return replace(state, buckets=buckets) if buckets else state
            self._cleared[state.raised] = at_s
            return RuleState(rule=rule.id, buckets=buckets)
        if not _holds(rule.when, measure, bounds.limit):
            if state.since_s is None and buckets is state.buckets:
                return state
            return RuleState(rule=rule.id, buckets=buckets)
        since_s = at_s if state.since_s is None else state.since_s
        raised = self._raised(rule, bounds, reading, measure, since_s, state.count + 1)
        return RuleState(
            rule=rule.id, since_s=since_s, count=state.count + 1, raised=raised, buckets=buckets
        )

    def _raised(
        self,
        rule: SensorRule,
        bounds: OwnLimit,
        reading: Reading,
        measure: float,
        since_s: float,
        count: int,
    ) -> str:
        """The id of the signal that the reading makes; empty if it makes none (yet)."""
        at_s = reading[0]
        lasted = count >= rule.readings and at_s - since_s >= rule.lasting.total_seconds()
        if not lasted or at_s < self._setting.fresh_s:
            return ""
        crossing = Crossing(
            signal_id=self._setting.name(),
            rule=rule,
            at_s=at_s,
            measure=measure,
            limit=bounds.limit,
            before=tuple(self._recent),
        )
        self._crossings.append(crossing)
        self._left[crossing.signal_id] = self._setting.evidence
        return crossing.signal_id


def bounds_of(setting: Setting, rule: SensorRule) -> OwnLimit | None:
    """The device's own limit of a rule, or the kind's; None where there is neither."""
    own = setting.limits.get(rule.id)
    if own is not None or rule.limit is None or rule.clear is None:
        return own
    return OwnLimit(limit=rule.limit, clear=rule.clear)


def figures(hour: tuple[float, int, float, float, float]) -> HourFigures:
    """The figures of an hour from (start_s, count, total, low, high)."""
    start_s, count, total, low, high = hour
    at = datetime.fromtimestamp(start_s, UTC)
    mean = min(max(total / count, low), high)  # rounding must not carry it out of the readings
    return HourFigures(hour=at.hour, count=count, mean=mean, low=low, high=high)


def _windowed(
    buckets: tuple[tuple[float, float, float], ...], window_s: float, reading: Reading
) -> tuple[tuple[float, float, float], ...]:
    """The parts of the window up to a reading, itself included."""
    at_s, value = reading
    part_s = window_s / PARTS
    start = at_s - at_s % part_s
    kept = tuple(b for b in buckets if b[0] + part_s > at_s - window_s)
    if kept and kept[-1][0] == start:
        last = kept[-1]
        return (*kept[:-1], (start, min(last[1], value), max(last[2], value)))
    return (*kept, (start, value, value))


def _measure(when: When, value: float, buckets: tuple[tuple[float, float, float], ...]) -> float:
    """What a rule compares with its limit."""
    if not when.of_change:
        return value
    rise = value - min(b[1] for b in buckets)
    fall = max(b[2] for b in buckets) - value
    if when is When.MOVES:
        return max(rise, fall)
    return rise if when is When.RISE else fall


def _holds(when: When, measure: float, limit: float) -> bool:
    if when is When.BELOW:
        return measure < limit
    return measure >= limit if when.of_change else measure > limit


def _is_back(when: When, measure: float, clear: float) -> bool:
    return measure >= clear if when is When.BELOW else measure <= clear
