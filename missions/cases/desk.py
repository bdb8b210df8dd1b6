"""The use cases of cases, behind the service's one door: list, look at, take a step."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.errors import InvalidInput
from missions import queries
from missions.access import Principal
from missions.cases.deadlines import WAITING, Standing, standing
from missions.cases.proof import Proof, proof_of
from missions.cases.recheck import Progress, progress
from missions.cases.steps import Offer, StepOrder, offers
from missions.cases.taking import take
from missions.entities import Case, CaseState
from missions.operations.room import ControlRoom
from missions.queries import Bbox, Page
from missions.store.kinds import strips
from missions.store.protocol import Between

_LAST = "\U0010ffff"
"""Sorts behind every character of a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFilter:
    """Which cases; what is None does not matter.

    Attributes:
        overdue: waiting for a report back past the deadline, or not.
        escalated: at least at this level of escalation.
        since, until: opened between them.
        bbox: west, south, east, north in degrees.
        number: how the case's number begins.
        recurring: repeats an earlier case, or not.
    """

    state: CaseState | None = None
    department: str | None = None
    county: str | None = None
    event_type: str | None = None
    overdue: bool | None = None
    escalated: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    bbox: Bbox | None = None
    number: str | None = None
    recurring: bool | None = None

    def conditions(self, now: datetime) -> dict[str, Any]:
        """The conditions of a search.

        Raises:
            InvalidInput: they contradict one another, or the box is none.
        """
        plain = ("state", "department", "county", "event_type")
        found = {n: getattr(self, n) for n in plain if getattr(self, n) is not None}
        if self.escalated is not None:
            found["escalation"] = Between(low=self.escalated)
        if self.since is not None or self.until is not None:
            found["opened_at"] = Between(low=self.since, high=self.until)
        if self.bbox is not None:
            found |= _within(self.bbox)
        if self.number is not None:
            found["number"] = Between(low=self.number, high=self.number + _LAST)
        if self.recurring is not None:
            found["recurs_of"] = Between(low="") if self.recurring else None
        return found | self._overdue(now)

    def _overdue(self, now: datetime) -> dict[str, Any]:
        if self.overdue is None:
            return {}
        if not self.overdue:
            return {"due_at": Between(low=now)}
        if self.state is None:
            return {"state": WAITING, "due_at": Between(high=now)}
        if self.state not in WAITING:
            raise InvalidInput(
                f"a case that is {self.state} is not overdue",
                where="overdue",
                remedy=f"use it without a state, or with one of {', '.join(WAITING)}",
            )
        return {"due_at": Between(high=now)}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """A case as one caller sees it now.

    Attributes:
        watch: how far the watch over its place has come; None if nobody watches it.
        steps_open: every step, and whether this caller may take it.
        recurred: cases that repeat this one.
    """

    case: Case
    standing: Standing
    watch: Progress | None
    steps_open: tuple[Offer, ...]
    proof: Proof
    recurred: tuple[str, ...]


class Casework:
    """What departments, dispatchers and auditors do with cases."""

    def __init__(self, room: ControlRoom) -> None:
        self._room = room

    def list(
        self, p: Principal, wanted: CaseFilter, *, after: str | None = None, limit: int = 100
    ) -> Page[Case]:
        """Cases that the caller may see, the newest first."""
        chosen = wanted.conditions(self._room.now())
        with self._room.view() as unit:
            return queries.page_of(unit.cases, p, after, limit, chosen)

    def view(self, p: Principal, case_id: str) -> CaseView:
        """One case. Raises NotFound, also when the caller may not see it."""
        with self._room.view() as unit:
            case: Case = p.checked(unit.cases.get(case_id))
            again = unit.cases.find(recurs_of=case.id, audience=p.audience())
        return self._viewed(p, case, tuple(c.id for c in again))

    def step(self, p: Principal, case_id: str, order: StepOrder) -> CaseView:
        """Take a case's next step; see `missions.cases.taking.take`."""
        p.require("decide")
        with self._room.unit() as unit:
            case = take(unit, self._room.preset, self._room.clock, p, case_id, order)
            again = unit.cases.find(recurs_of=case.id, audience=p.audience())
        return self._viewed(p, case, tuple(c.id for c in again))

    def watch(self, case: Case) -> Progress | None:
        """How far the watch over a case's place has come; None if nobody watches it."""
        preset = self._room.preset
        if preset.event_types[case.event_type].detector != "thermal":
            return None  # an officer verifies what only an officer can see
        rules = preset.recheck_of(case.event_type)
        return progress(case, rules, self._room.now(), preset.zone_info)

    def _viewed(self, p: Principal, case: Case, recurred: tuple[str, ...]) -> CaseView:
        preset = self._room.preset
        return CaseView(
            case=case,
            standing=standing(case, preset, self._room.now()),
            watch=self.watch(case),
            steps_open=offers(case, preset, p),
            proof=proof_of(case, preset),
            recurred=recurred,
        )


def _within(bbox: Bbox) -> dict[str, Any]:
    west, south, east, north = bbox
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise InvalidInput(
            "no such box", where="bbox", remedy="give west,south,east,north in degrees"
        )
    box = {"lon": Between(west, east), "lat": Between(south, north)}
    return {"strip": strips(south, north), **box}
