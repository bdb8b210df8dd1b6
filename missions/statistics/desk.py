"""Who asks for figures gets those that it may see: `service.statistics`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from core.clock import Clock
from core.errors import InvalidInput, NotAllowed, NotFound, Unavailable
from missions.access import Principal
from missions.entities import PlanRecord
from missions.presets import Preset
from missions.statistics import figures as made
from missions.statistics import index
from missions.statistics.figures import Figures, Values
from missions.statistics.index import Index
from missions.statistics.measures import Row
from missions.statistics.periods import BY, BY_TIME, Period, bucket
from missions.statistics.reading import Scope, totals
from missions.statistics.rebuild import is_current, rebuild
from missions.store.protocol import Between, Store, Unit

SMALL = 20_000
"""So many cases and events are counted anew while somebody waits; more are counted by the command
line, or when the service starts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked.

    Attributes:
        by: one of `periods.BY`; "" for one sum.
        department, county: ids, to narrow it to; event_class: a class's code, such as "01".
    """

    period: Period
    by: str = ""
    department: str | None = None
    county: str | None = None
    event_class: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One line: the figures of a day, a department, a county ..."""

    key: str
    name: str
    name_zh: str
    figures: Figures
    index: Index | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Figures of a period, beside those of the comparable one before."""

    question: Question
    total: Figures
    before: Figures
    previous: Period
    groups: tuple[Group, ...]


class Statistics:
    """What the city reports of itself."""

    def __init__(self, records: Store, preset: Preset, clock: Clock) -> None:
        self._records = records
        self._preset = preset
        self._clock = clock

    def prepare(self) -> None:
        """See to it that the counts are this version's and by the city's days."""
        zone = self._preset.zone_info
        with self._records.view() as unit:
            if is_current(unit, zone):
                return
        with self._records.unit() as unit:
            if not is_current(unit, zone):
                rebuild(unit, zone)

    def answer(self, p: Principal, question: Question) -> Answer:
        """Figures that the caller may see.

        Raises:
            InvalidInput: there is no such division, department, county or class.
            NotFound: the department or county is none of the caller's.
            NotAllowed: the caller belongs to no department.
            Unavailable: the counts are being made.
        """
        self._ready()
        preset, today = self._preset, self._today()
        scope = scope_of(p, question, preset)
        previous = question.period.previous()
        with self._records.view() as unit:
            asked = _Asked(unit, preset, scope, today)
            groups = asked.by(question.period, question.by) if question.by else ()
            return Answer(
                question=question,
                total=asked.total(question.period),
                before=asked.total(previous),
                previous=previous,
                groups=tuple(groups),
            )

    def counties(self, p: Principal, question: Question) -> Answer:
        """Every county that the caller may see, with its index; raises as `answer`."""
        answer = self.answer(p, replace(question, by="county"))
        rules = index.load()
        rated = (
            replace(group, index=index.index_of(group.figures, rules))
            for group in answer.groups
            if group.key
        )
        return replace(answer, groups=tuple(rated))

    def divided(self, p: Principal, question: Question, by: Iterable[str]) -> list[Answer]:
        """One period divided in several ways, counties with their index; raises as `answer`."""
        return [
            self.counties(p, question)
            if each == "county"
            else self.answer(p, replace(question, by=each))
            for each in dict.fromkeys(by)
        ]

    def period(self, first: date | None, last: date | None) -> Period:
        """The days asked for; the current month so far where nobody says."""
        today = self._today()
        until = last or today
        return Period(first or until.replace(day=1), until)

    def _today(self) -> date:
        return self._clock.now().astimezone(self._preset.zone_info).date()

    def _ready(self) -> None:
        """Count a small city's things at once, if nobody has; refuse to let anyone wait for more.

        Raises:
            Unavailable: they are many.
        """
        with self._records.view() as unit:
            if is_current(unit, self._preset.zone_info):
                return
            many = unit.cases.count() + unit.events.count() > SMALL
        if many:
            raise Unavailable(
                "the counts are being made",
                where="statistics",
                remedy="wait some minutes, or run 'flyonce statistics rebuild'",
            )
        self.prepare()


def scope_of(p: Principal, question: Question, preset: Preset) -> Scope:
    """What of the city's figures the caller gets; raises as `Statistics.answer` says."""
    if not p.city_wide and p.department is None:
        raise NotAllowed(
            f"the role {p.role} has no figures of its own",
            remedy="ask with the token of a department or of a city-wide role",
        )
    _known("department", question.department, preset.departments)
    _known("county", question.county, preset.territory)
    _known("class", question.event_class, {t.class_code for t in preset.event_types.values()})
    if question.by and question.by not in BY:
        raise InvalidInput(
            f"no such division: {question.by[:40]}", where="by", remedy=f"use {', '.join(BY)}"
        )
    department = question.department if p.city_wide else p.department
    if question.department is not None and question.department != department:
        raise NotFound("no such thing", where="department")
    if p.counties is not None and question.county is not None and question.county not in p.counties:
        raise NotFound("no such thing", where="county")
    counties = p.counties if question.county is None else frozenset({question.county})
    return Scope(counties=counties, department=department, event_class=question.event_class)


def _known(where: str, given: str | None, known: Mapping[str, object] | set[str]) -> None:
    if given is not None and given not in known:
        raise InvalidInput(
            f"no such {where}: {given[:40]}", where=where, remedy=f"use {', '.join(sorted(known))}"
        )


class _Asked:
    """Figures within one scope."""

    def __init__(self, unit: Unit, preset: Preset, scope: Scope, today: date) -> None:
        self._unit = unit
        self._preset = preset
        self._scope = scope
        self._today = today

    def total(self, period: Period) -> Figures:
        """One sum of a period; what was counted of nothing is 0."""
        values = self._values(period, "").get("", {})
        return Figures(**{**_noughts(self._scope), **values})  # type: ignore[arg-type]

    def by(self, period: Period, by: str) -> Sequence[Group]:
        """A period divided; in the order of the keys."""
        found = self._values(period, by)
        return [
            Group(key=key, figures=Figures(**values), **self._names(by, key))  # type: ignore[arg-type]
            for key, values in sorted(found.items())
            if any(value not in (None, 0, 0.0) for value in values.values())
        ]

    def _values(self, period: Period, by: str) -> dict[str, Values]:
        found: dict[str, Values] = {}

        def take(key: str, values: Values) -> None:
            found.setdefault(key, {}).update(values)

        for key, row in self._rows("cases", period, by).items():
            take(key, made.of_cases(row))
        if self._scope.event_class is None and by not in ("class", "type"):
            shares = self._scope.department is not None or by == "department"
            for key, row in self._rows("flights", period, by).items():
                take(key, made.of_flights(row, whole=not shares))
            for key, values in self._requests(period, by).items():
                take(key, values)
            for key, values in self._plans(period, by).items():
                take(key, values)
        return found

    def _rows(
        self, subject: str, period: Period, by: str, origin: str | None = None
    ) -> Mapping[str, Row]:
        scope = replace(self._scope, origin=origin)
        return totals(self._unit, self._preset, subject, period, scope, by, self._today)

    def _requests(self, period: Period, by: str) -> dict[str, Values]:
        """Requests say no county: they are left out where counties are asked for."""
        if self._scope.counties is not None or by == "county":
            return {}
        found = {k: made.of_requests(r) for k, r in self._rows("requests", period, by).items()}
        for key, row in self._rows("requests", period, by, origin="signal").items():
            found.setdefault(key, {}).update(made.of_requests(row, "signals"))
        return found

    def _plans(self, period: Period, by: str) -> dict[str, Values]:
        """What plans save is the whole city's: nobody's part of it is told."""
        if not self._scope.is_city or by not in ("", *BY_TIME):
            return {}
        days = Between(period.first.isoformat(), period.last.isoformat())
        parts: dict[str, list[PlanRecord]] = {}
        for plan in self._unit.plans.find(day=days):
            parts.setdefault(bucket(plan.day.isoformat(), by) if by else "", []).append(plan)
        return {key: made.of_plans(plans) for key, plans in parts.items()}

    def _names(self, by: str, key: str) -> dict[str, str]:
        preset = self._preset
        if by == "class":
            named = [t for t in preset.event_types.values() if t.class_code == key]
            if named:
                return {"name": named[0].class_name, "name_zh": named[0].class_name_zh}
        known: Mapping[str, Mapping[str, object]] = {
            "department": preset.departments,
            "county": preset.territory,
            "type": preset.event_types,
        }
        one = known.get(by, {}).get(key)
        if one is None:
            return {"name": key or "elsewhere", "name_zh": key or "其他"}
        return {"name": getattr(one, "name", key), "name_zh": getattr(one, "name_zh", key)}


def _noughts(scope: Scope) -> Values:
    """What a sum of nothing says: counts of nothing are 0, shares and durations are unknown."""
    counted = ("events", "opened", "rejected", "due", "handled", "on_time", "closed", "returned")
    return dict.fromkeys((*counted, "answered"), 0) | (
        {"flights": 0, "km": 0.0, "minutes_flown": 0.0} if scope.event_class is None else {}
    )
