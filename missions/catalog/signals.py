"""What enters from outside and may ask for a flight, as data: `signals.yaml`, read strictly."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from missions.catalog.fields import Fields, read_yaml, unique
from missions.catalog.model import EventType, Scenario

HERE = Path(__file__).resolve().parent
_YEAR_MIN = 366.0 * 24 * 60


class When(StrEnum):
    """What a rule watches."""

    ABOVE = "above"
    BELOW = "below"
    RISE = "rise"
    FALL = "fall"
    MOVES = "moves"
    """Either way."""

    @property
    def of_change(self) -> bool:
        """Whether the change within a window is judged, not the value itself."""
        return self in (When.RISE, When.FALL, When.MOVES)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookRule:
    """The look that an event type asks for; the fields as `signals.yaml` explains them."""

    event_type: str
    scenario: str
    within: timedelta
    radius_m: float
    priority: int
    fresh: timedelta
    one_m: float
    one: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorRule:
    """When a kind of device warns.

    Attributes:
        limit: in the kind's unit; None where only devices with a limit of their own are judged.
        clear: the rule is armed again at this value, or change.
        window: over which a change is judged; zero for a rule on the value.
        readings, lasting: for how many readings and how long the condition must hold.
        asks: event type whose look is asked for; None where nobody flies.
    """

    id: str
    name: str
    name_zh: str
    when: When
    limit: float | None
    clear: float | None
    window: timedelta
    readings: int
    lasting: timedelta
    asks: str | None
    severity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorKind:
    """A kind of device: its unit, its plausible values and its rules."""

    id: str
    name: str
    name_zh: str
    unit: str
    low: float
    high: float
    silence: timedelta
    silence_asks: str | None
    rules: tuple[SensorRule, ...]

    def rule(self, rule_id: str) -> SensorRule | None:
        """The rule of an id, if the kind has it."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """What a citizen may report; or, with a least score, what another system's AI may find."""

    id: str
    name: str
    name_zh: str
    asks: str
    min_score: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of the intake; the fields as `signals.yaml` explains them."""

    future: timedelta = timedelta(minutes=5)
    oldest: timedelta = timedelta(hours=168)
    fresh: timedelta = timedelta(minutes=120)
    outage_devices: int = 20
    contact: timedelta = timedelta(days=90)
    evidence: int = 12
    day_ring: int = 92


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalRules:
    """All of `signals.yaml`, each part by id (looks by event type)."""

    limits: Limits = field(default_factory=Limits)
    looks: Mapping[str, LookRule] = field(default_factory=dict)
    kinds: Mapping[str, SensorKind] = field(default_factory=dict)
    categories: Mapping[str, Category] = field(default_factory=dict)
    labels: Mapping[str, Category] = field(default_factory=dict)


def load_signals(
    scenarios: Mapping[str, Scenario],
    event_types: Mapping[str, EventType],
    path: Path = HERE / "signals.yaml",
    *,
    strict: bool = True,
) -> SignalRules:
    """The rules of a file.

    Args:
        strict: refuse looks whose scenario or event type is not there; otherwise leave them out,
            with all that asks for them: for another city's catalogue.

    Raises:
        InvalidInput: naming the file, the field and what to do.
    """
    file = read_yaml(path)
    looks, named = _looks(file, scenarios, event_types, strict=strict)
    rules = SignalRules(
        limits=_limits(file.mapping("limits")),
        looks=looks,
        kinds=_kinds(file, looks, named),
        categories=_categories(file, "categories", looks, named),
        labels=_categories(file, "labels", looks, named),
    )
    file.finish()
    return rules


def _limits(f: Fields) -> Limits:
    limits = Limits(
        future=_minutes(f, "future_min", 0, 24 * 60),
        oldest=timedelta(hours=f.number("oldest_h", 0.1, 24 * 366)),
        fresh=_minutes(f, "fresh_min", 1, 24 * 60),
        outage_devices=f.whole("outage_devices", 1, 1_000_000),
        contact=timedelta(days=f.whole("contact_days", 1, 3650)),
        evidence=f.whole("evidence", 1, 100),
        day_ring=f.whole("day_ring", 2, 3660),
    )
    f.finish()
    return limits


def _looks(
    file: Fields,
    scenarios: Mapping[str, Scenario],
    event_types: Mapping[str, EventType],
    *,
    strict: bool,
) -> tuple[Mapping[str, LookRule], frozenset[str]]:
    """The looks, and all event types that the file has one for."""
    found: dict[str, LookRule] = {}
    named = set()
    for f in file.mappings("looks"):
        look = _look(f)
        f.finish()
        named.add(look.event_type)
        scenario = scenarios.get(look.scenario)
        if scenario is None or look.event_type not in scenario.event_types:
            if not strict:
                continue
            f.known("event_type", look.event_type, event_types, "event type")
            f.known("scenario", look.scenario, scenarios, "scenario")
            text = f"{look.scenario} does not look for {look.event_type}"
            f.fail("scenario", text, "name a scenario that lists the event type")
        unique(found, look.event_type, look, f, "event_type")
    return found, frozenset(named)


def _look(f: Fields) -> LookRule:
    return LookRule(
        event_type=f.text("event_type"),
        scenario=f.text("scenario"),
        within=_minutes(f, "within_min", 15, 60 * 24 * 14),
        radius_m=f.number("radius_m", 5, 1000),
        priority=f.whole("priority", 1, 5),
        fresh=_minutes(f, "fresh_min", 0, 60 * 24 * 31),
        one_m=f.number("one_m", 1, 5000),
        one=_minutes(f, "one_min", 1, 60 * 24 * 31),
    )


def _kinds(
    file: Fields, looks: Mapping[str, Any], named: frozenset[str]
) -> Mapping[str, SensorKind]:
    found: dict[str, SensorKind] = {}
    for f in file.mappings("kinds"):
        low, high = f.number("low", -1e9, 1e9), f.number("high", -1e9, 1e9)
        if low >= high:
            f.fail("high", "is not above low", "swap the two")
        rules: dict[str, SensorRule] = {}
        for r in f.mappings("rules"):
            rule = _rule(r, looks, named, low, high)
            r.finish()
            unique(rules, rule.id, rule, r)
        one = SensorKind(
            id=f.text("id"),
            name=f.text("name"),
            name_zh=f.text("name_zh"),
            unit=f.text("unit"),
            low=low,
            high=high,
            silence=_minutes(f, "silence_min", 1, _YEAR_MIN),
            silence_asks=_asks(f, "silence_asks", looks, named),
            rules=tuple(rules.values()),
        )
        f.finish()
        unique(found, one.id, one, f)
    return found


def _rule(
    f: Fields, looks: Mapping[str, Any], named: frozenset[str], low: float, high: float
) -> SensorRule:
    when = When(f.choice("when", tuple(When), "condition"))
    span = (0.0, high - low) if when.of_change else (low, high)
    limit = f.number("limit", *span) if f.has("limit") else None
    clear = f.number("clear", *span) if f.has("clear") else None
    window = _minutes(f, "window_min", 1, _YEAR_MIN) if when.of_change else timedelta(0)
    if when.of_change and (limit is None or limit <= 0):
        f.fail("limit", "a change needs a limit above nothing", "write how much of a change")
    if (limit is None) != (clear is None):
        f.fail("clear", "limit and clear belong together", "write both or neither")
    if limit is not None and clear is not None and wrong_way(when, limit, clear):
        f.fail(
            "clear", f"{clear:g} is on the wrong side of {limit:g}", "move it to where all is well"
        )
    return SensorRule(
        id=f.text("id"),
        name=f.text("name"),
        name_zh=f.text("name_zh"),
        when=when,
        limit=limit,
        clear=clear,
        window=window,
        readings=f.whole("readings", 1, 1000) if f.has("readings") else 1,
        lasting=_minutes(f, "minutes", 0, _YEAR_MIN) if f.has("minutes") else timedelta(0),
        asks=_asks(f, "asks", looks, named),
        severity=f.whole("severity", 1, 4),
    )


def wrong_way(when: When, limit: float, clear: float) -> bool:
    """Whether a rule would be armed again while its condition still holds."""
    return clear < limit if when is When.BELOW else clear > limit


def _categories(
    file: Fields, key: str, looks: Mapping[str, Any], named: frozenset[str]
) -> Mapping[str, Category]:
    found: dict[str, Category] = {}
    for f in file.mappings(key):
        one_id = f.text("id")
        scored = key == "labels"
        asks = _asks(f, "asks", looks, named)
        one = Category(
            id=one_id,
            name=one_id if scored else f.text("name"),
            name_zh=one_id if scored else f.text("name_zh"),
            asks=asks or "",
            min_score=f.number("min_score", 0, 1) if scored else 0.0,
        )
        if asks is None and not f.has("asks"):
            f.fail("asks", "is missing", "name the event type that is looked for")
        f.finish()
        if asks is not None:
            unique(found, one.id, one, f)
    return found


def _asks(f: Fields, key: str, looks: Mapping[str, Any], named: frozenset[str]) -> str | None:
    """The event type asked for; None where there is none, or none that this city knows."""
    if not f.has(key):
        return None
    code = f.known(key, f.text(key), named, "look for event type")
    return code if code in looks else None


def _minutes(f: Fields, key: str, low: float, high: float) -> timedelta:
    return timedelta(minutes=f.number(key, low, high))
