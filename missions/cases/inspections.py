"""The use cases of joint inspections: propose, call, visit, write back, tell what it saved."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from core.errors import IllegalTransition, InvalidInput, NotAllowed, NotFound
from core.geo import distance_m
from core.ids import new_id
from missions.access import Principal
from missions.cases import joint
from missions.cases.calling import look_from_above
from missions.cases.cases import place_names
from missions.cases.inspection import Inspection, InspectionState, Separate, moved
from missions.cases.joint import Group
from missions.cases.visiting import InspectionOrder, Result, ended, flown, write
from missions.demand.inserting import insert
from missions.entities import Case, CaseState, Request
from missions.operations.journal import alert, note
from missions.operations.room import ControlRoom
from missions.queries import Bbox, Page, page_of
from missions.store.protocol import Between, Unit

OPEN = (
    CaseState.OPENED,
    CaseState.DISPATCHED,
    CaseState.HANDLING,
    CaseState.REPORTED_BACK,
    CaseState.VERIFYING,
)
MOST_OPEN = 20_000
"""Open cases that are grouped at a time; a box narrows them."""
STEPS = {
    "call": InspectionState.CALLED,
    "done": InspectionState.DONE,
    "cancel": InspectionState.CANCELLED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A joint inspection that would be worth it."""

    name: str
    name_zh: str
    county: str
    group: Group
    separate: Separate


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionView:
    """An inspection as one caller sees it: of its cases those that the caller may see.

    Attributes:
        flown_km, flown_min: of the shared flight; None before it has landed, or without one.
    """

    inspection: Inspection
    cases: tuple[Case, ...]
    request: Request | None
    flown_km: float | None
    flown_min: float | None


class Inspections:
    """What dispatchers and departments do with joint inspections."""

    def __init__(self, room: ControlRoom) -> None:
        self._room = room

    def proposals(
        self, p: Principal, *, bbox: Bbox | None = None, limit: int = 50
    ) -> list[Proposed]:
        """Groups of the open cases that the caller may see, the most departments first."""
        chosen: dict[str, Any] = {} if bbox is None else _within(bbox)
        with self._room.view() as unit:
            found = unit.cases.find(
                audience=p.audience(), state=OPEN, newest_first=True, limit=MOST_OPEN, **chosen
            )
        free = [c for c in found if c.inspection_id is None]
        groups = joint.grouped(free, self._room.preset)
        return [self._proposed(g) for g in groups[:limit]]

    def create(
        self, p: Principal, case_ids: Sequence[str], *, planned_for: datetime | None, note: str
    ) -> InspectionView:
        """Make a joint inspection of some open cases.

        Raises:
            NotFound: no such case for this caller.
            NotAllowed: none of the cases is the caller's department's.
            InvalidInput: fewer departments than the rules want, too many cases, or too far apart.
            IllegalTransition: a case has ended or is part of another inspection.
        """
        p.require("decide")
        now = self._room.now()
        with self._room.unit() as unit:
            cases = [p.checked(unit.cases.get(name)) for name in dict.fromkeys(case_ids)]
            group = self._checked(p, cases)
            proposed = self._proposed(group)
            item = Inspection(
                id=new_id("ins", now),
                name=proposed.name,
                name_zh=proposed.name_zh,
                position=group.position,
                radius_m=group.radius_m,
                county=proposed.county,
                case_ids=tuple(c.id for c in group.cases),
                departments=group.departments,
                proposed_at=now,
                proposed_by=p.name,
                separate=proposed.separate,
                planned_for=planned_for,
                note=note.strip(),
            )
            unit.inspections.add(item)
            for case in cases:
                unit.cases.put(replace(case, inspection_id=item.id))
            self._tell(unit, item, p.name, "propose", "proposed", "提出综合查一次")
        return self.view(p, item.id)

    def list(
        self,
        p: Principal,
        *,
        state: InspectionState | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[Inspection]:
        """Inspections that the caller's department takes part in, the newest first."""
        with self._room.view() as unit:
            return page_of(
                unit.inspections, p, after, limit, {} if state is None else {"state": state}
            )

    def view(self, p: Principal, inspection_id: str) -> InspectionView:
        """One inspection. Raises NotFound."""
        with self._room.view() as unit:
            item: Inspection = p.checked(unit.inspections.get(inspection_id))
            cases = unit.cases.find(id=item.case_ids)
            request = unit.requests.get(item.request_id) if item.request_id else None
            km, minutes = flown(unit, request)
        return InspectionView(
            inspection=item,
            cases=tuple(c for c in cases if p.sees(c)),
            request=request if request is None or p.sees(request) else None,
            flown_km=km,
            flown_min=minutes,
        )

    def step(self, p: Principal, inspection_id: str, order: InspectionOrder) -> InspectionView:
        """Call it, end it, or cancel it; for city-wide roles.

        Raises:
            NotAllowed, NotFound, InvalidInput, IllegalTransition: as their sentences say.
        """
        p.require("decide")
        state = STEPS.get(order.step)
        if state is None:
            raise InvalidInput(
                f"no such step: {order.step[:40]}", where="step", remedy=f"use {', '.join(STEPS)}"
            )
        now, asked = self._room.now(), None
        with self._room.unit() as unit:
            item: Inspection = p.checked(unit.inspections.get(inspection_id))
            if not p.city_wide:
                raise NotAllowed(
                    f"only a dispatcher may {order.step} a joint inspection",
                    where=item.id,
                    remedy="ask a dispatcher; your department writes its results",
                )
            if state is InspectionState.CALLED:
                changed, asked = self._called(unit, item, p, order, now)
            else:
                changed = ended(unit, item, state, p, order, now)
            unit.inspections.put(changed)
            words = {"call": "召集", "done": "完成", "cancel": "取消"}
            self._tell(
                unit,
                changed,
                p.name,
                order.step,
                f"{order.step} {order.note}".strip(),
                words[order.step],
            )
        if asked is not None:
            room = self._room
            insert(room.records, room.preset, asked, now, room.answering)
        return self.view(p, inspection_id)

    def record(self, p: Principal, inspection_id: str, results: Sequence[Result]) -> InspectionView:
        """Write what was found into the cases; each department writes into its own.

        Raises:
            NotFound: no such inspection, or case in it, or photograph, for this caller.
            NotAllowed: the case is another department's.
            IllegalTransition: it is not called, or has ended.
        """
        p.require("decide")
        now = self._room.now()
        with self._room.unit() as unit:
            item: Inspection = p.checked(unit.inspections.get(inspection_id))
            if item.state is not InspectionState.CALLED:
                raise IllegalTransition(
                    f"the inspection is {item.state}", where=item.id, remedy="call it first"
                )
            for result in results:
                if result.case_id not in item.case_ids:
                    raise NotFound("no such case in this inspection", where=result.case_id[:80])
                write(unit, p, item, result, now)
        return self.view(p, inspection_id)

    # --- inside ----------------------------------------------------------------------------

    def _proposed(self, group: Group) -> Proposed:
        preset = self._room.preset
        name, name_zh = place_names(preset, group.position)
        return Proposed(
            name=f"Joint inspection, {name}",
            name_zh=f"综合查一次：{name_zh}",
            county=preset.county_at(group.position),
            group=group,
            separate=joint.separate(group, preset),
        )

    def _checked(self, p: Principal, cases: Sequence[Case]) -> Group:
        rules = self._room.preset.casework.inspections
        for case in cases:
            if case.state not in OPEN or case.inspection_id is not None:
                why = "part of an inspection" if case.inspection_id else case.state
                raise IllegalTransition(
                    f"case {case.number} is {why}",
                    where=case.id,
                    remedy="leave it out",
                )
        departments = {c.department for c in cases}
        if not p.city_wide and p.department not in departments:
            raise NotAllowed(
                "none of these cases is your department's",
                where="case_ids",
                remedy="add one of your own, or ask a dispatcher",
            )
        if len(departments) < rules.least_departments or not 2 <= len(cases) <= rules.most_cases:
            raise InvalidInput(
                f"{len(cases)} cases of {len(departments)} departments",
                where="case_ids",
                remedy=f"name 2 to {rules.most_cases} cases of at least "
                f"{rules.least_departments} departments",
            )
        group = joint.group_of(cases)
        apart = max(distance_m(a.position, b.position) for a in cases for b in cases)
        if apart > rules.most_span_m:
            raise InvalidInput(
                f"the cases lie {apart:.0f} m apart",
                where="case_ids",
                remedy=f"one visit spans at most {rules.most_span_m:.0f} m",
            )
        return group

    def _called(
        self, unit: Unit, item: Inspection, p: Principal, order: InspectionOrder, now: datetime
    ) -> tuple[Inspection, Request | None]:
        planned = order.planned_for or item.planned_for
        called = moved(
            item,
            InspectionState.CALLED,
            called_at=now,
            called_by=p.name,
            planned_for=planned,
            note=order.note.strip() or item.note,
        )
        if not order.flight:
            return called, None
        cases = unit.cases.find(id=item.case_ids)
        request = look_from_above(self._room.preset, called, cases, now)
        unit.requests.add(request)
        return replace(called, request_id=request.id), request

    def _tell(
        self, unit: Unit, item: Inspection, by: str, action: str, text: str, text_zh: str
    ) -> None:
        now, cases, parties = self._room.now(), len(item.case_ids), len(item.departments)
        alert(
            unit,
            now,
            "inspection",
            2,
            f"{item.name}: {text}; {cases} cases, {', '.join(item.departments)}",
            f"{item.name_zh}：{text_zh}，{cases} 个案卷，{parties} 个部门",
            department=item.department,
            shared_with=item.shared_with,
            position=item.position,
            county=item.county,
        )
        note(unit, now, item.id, f"inspection.{action}", f"{item.name}: {text}", text_zh, by)


def _within(bbox: Bbox) -> dict[str, Any]:
    west, south, east, north = bbox
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise InvalidInput(
            "no such box", where="bbox", remedy="give west,south,east,north in degrees"
        )
    return {"lon": Between(west, east), "lat": Between(south, north)}
