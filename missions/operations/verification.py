"""What was reported back is looked at anew: from photographs taken since, or by a flight for it.

For cases that an officer judges by pictures; the thermal ones have re-checks (`recheck`). The
pictures are matched with those from before and put before the officers, who close the case or send
it back with them.
"""

import asyncio
from dataclasses import replace
from datetime import datetime, time, timedelta

from core.errors import Unavailable
from core.ids import new_id
from missions.cases import pictures
from missions.cases.proof import current
from missions.cases.recheck import reported_back_at
from missions.cases.records import Verification
from missions.cases.shown import note_case
from missions.cases.verification import shown
from missions.catalog.model import Scenario
from missions.demand.inserting import insert
from missions.entities import Case, CaseState, Origin, Request, RequestState
from missions.operations.journal import alert, note
from missions.operations.room import ControlRoom
from missions.presets import Preset
from missions.store.protocol import Between, Unit

A_TURN = 1
"""Flights asked for in one turn: each answer takes the planner some seconds."""
PRIORITY = 4
AGAIN = timedelta(hours=2)
"""After a refusal so long passes until a flight is asked for again."""
_DEAD = (RequestState.REFUSED, RequestState.EXPIRED, RequestState.WITHDRAWN)
_OVERLAP = (0.7, 0.6)


async def tick(room: ControlRoom) -> None:
    """Gather what was photographed of cases that are being verified; ask for flights for others."""
    asked: list[Request] = []
    with room.unit() as unit:
        left = min(A_TURN, _left_today(unit, room))
        for case in unit.cases.find(state=CaseState.VERIFYING):
            if room.preset.event_types[case.event_type].detector == "thermal":
                continue
            if not gathered(unit, room.preset, case, room.now()) and len(asked) < left:
                request = wanted(unit, room.preset, unit.cases.get(case.id), room.now())
                asked += [request] if request else []
    for request in asked:
        try:
            await asyncio.to_thread(
                insert, room.records, room.preset, request, room.now(), room.answering
            )
        except Unavailable:
            continue  # it is kept as asked and answered with the next plan


def _left_today(unit: Unit, room: ControlRoom) -> int:
    """Flights that may still be asked for today, of all cases together."""
    midnight = datetime.combine(room.today(), time(0), tzinfo=room.preset.zone_info)
    asked = unit.requests.count(origin=Origin.VERIFY, earliest=Between(low=midnight))
    return max(0, room.preset.casework.verify.a_day - asked)


def gathered(unit: Unit, preset: Preset, case: Case, now: datetime) -> bool:
    """Whether there are photographs of the place since the report back, taken up into the case if
    they are new. One that is judged, or has a match of what was before, gathers no more."""
    since = reported_back_at(case)
    begun = current(case)
    if since is None or (begun is not None and (begun.outcome is not None or begun.pairs)):
        return True
    kind = preset.event_types[case.event_type]
    media = pictures.since(unit, case, kind.sensor, since)
    fresh = [m for m in media if begun is None or m.id not in begun.media]
    if not fresh:
        return bool(begun is not None and begun.media)
    seen = shown(unit, preset, case, media, now, source="imagery")
    unit.cases.put(seen)
    note_case(unit, seen.after, case.id)
    if begun is None or not begun.media:
        _tell(unit, seen, now)
    return True


def wanted(unit: Unit, preset: Preset, case: Case, now: datetime) -> Request | None:
    """A request for a flight over the place of a case, kept with it; None while one is under way,
    where all tries are used, or where the last refusal is too young."""
    begun = current(case)
    tried = [v for v in case.verifications if v.request_id and v.asked_at >= _since(case)]
    if begun is not None and begun.request_id:
        last = unit.requests.get(begun.request_id)
        if last.state not in _DEAD or now - begun.asked_at < AGAIN:
            return None
    if len(tried) >= preset.casework.verify.tries:
        return None
    request = verification_of(unit, preset, case, now)
    unit.requests.add(request)
    asked = Verification(asked_at=now, source="flight", request_id=request.id)
    unit.cases.put(replace(case, verifications=(*case.verifications, asked)))
    note(
        unit,
        now,
        request.id,
        "request.ask",
        f"verification of {case.number} asked for",
        f"申请核查飞行：{case.number}",
    )
    return request


def verification_of(unit: Unit, preset: Preset, case: Case, now: datetime) -> Request:
    """A look at a case's place by the camera that shows such things, as fine as the photograph
    from before."""
    kind = preset.event_types[case.event_type]
    scenario = _scenario(preset, case)
    front, side = (scenario.front_overlap, scenario.side_overlap) if scenario else _OVERLAP
    return Request(
        id=new_id("req", now),
        scenario=scenario.id if scenario else "",
        department=case.department,
        shared_with=case.shared_with,
        purpose=f"verification of {case.number}",
        place="",
        geometry={"type": "Point", "coordinates": [case.position.lon, case.position.lat]},
        kind="points",
        width_m=0.0,
        sensor=kind.sensor,
        gsd_m=_gsd(unit, preset, case, scenario),
        front_overlap=front,
        side_overlap=side,
        earliest=now,
        latest=now + timedelta(hours=preset.casework.verify.within_h),
        priority=PRIORITY,
        origin=Origin.VERIFY,
        created_at=now,
        case_id=case.id,
    )


def _gsd(unit: Unit, preset: Preset, case: Case, scenario: Scenario | None) -> float:
    shown_at = [m.gsd_m for m in unit.media.find(id=case.before)] if case.before else []
    known = [gsd for gsd in shown_at if gsd]
    if known:
        return round(max(0.005, min(known)), 4)
    return scenario.gsd_m if scenario else preset.casework.verify.gsd_m


def _scenario(preset: Preset, case: Case) -> Scenario | None:
    """The department's own scenario that looks for such things, else anybody's."""
    fitting = [s for s in preset.scenarios.values() if case.event_type in s.event_types]
    own = [s for s in fitting if s.department == case.department]
    return next(iter(own or fitting), None)


def _since(case: Case) -> datetime:
    return reported_back_at(case) or case.opened_at


def _tell(unit: Unit, case: Case, now: datetime) -> None:
    begun = current(case)
    pairs = len(begun.pairs) if begun else 0
    alert(
        unit,
        now,
        "verify",
        case.severity,
        f"{case.number}: {len(case.after)} photographs since the report back, {pairs} matched: "
        "judge them",
        f"{case.number}：反馈后影像 {len(case.after)} 张，{pairs} 组前后对比，请核查",
        department=case.department,
        shared_with=case.shared_with,
        event_type=case.event_type,
        position=case.position,
        case_id=case.id,
        county=case.county,
    )
