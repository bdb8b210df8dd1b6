"""What a re-check saw: the place is hot or cold, measured in the frames that show it."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from imagery.catalog import MediumState
from missions.cases.cases import redispatched, stepped
from missions.cases.recheck import verdict
from missions.entities import (
    AnomalyState,
    Case,
    CaseState,
    Flight,
    Recheck,
    Verdict,
)
from missions.lifecycle import move
from missions.operations.journal import alert
from missions.operations.room import ControlRoom
from missions.operations.warmth import warmest_near
from missions.store.protocol import Unit

PLACE_M = 30.0
"""Radius looked at round the case's position: the find's error ellipse and the burnt patch."""


async def judge_recheck(room: ControlRoom, flight: Flight) -> None:
    """Write what a re-check flight measured into its case, and close the case or reopen it.

    Once for each flight: as soon as its photographs are in, or at the latest when it has landed.
    """
    if flight.id in room.judged:
        return
    room.judged.add(flight.id)
    with room.view() as unit:
        case = unit.cases.get(flight.case_id or "")
        if any(r.flight_id == flight.id and r.looked_at is not None for r in case.rechecks):
            return
        frames = [
            m for m in unit.media.find(flight=flight.id, state=MediumState.KEPT) if m.radiometric
        ]
    loop = asyncio.get_running_loop()
    keys = [m.key for m in frames]
    measured = await loop.run_in_executor(room.pool, warmest_near, keys, case.position, PLACE_M)
    seen = {m.id: peak for m, peak in zip(frames, measured, strict=True) if peak is not None}
    with room.unit() as unit:
        case = unit.cases.get(case.id)
        case = _noted(case, flight, room, seen, found=_found_again(unit, case, seen))
        unit.cases.put(_decided(unit, room, case, tuple(seen)))


def _found_again(unit: Unit, case: Case, media: Iterable[str]) -> bool:
    """Whether the detector found it once more in these photographs."""
    shown = set(media)
    readings = (h for a in case.anomaly_ids for h in unit.anomalies.get(a).history)
    return any(reading.medium_id in shown for reading in readings)


def _noted(
    case: Case, flight: Flight, room: ControlRoom, seen: Mapping[str, float], *, found: bool
) -> Case:
    """The case with this re-check's measurement; no verdict where no frame showed the place.

    A fire must be below the threshold wherever it was; other finds must not be found again.
    """
    peak = max(seen.values(), default=None)
    result = None
    if peak is not None:
        rules = room.preset.recheck
        fire = room.preset.event_types[case.event_type].class_code in rules.classes
        hot = found or (fire and peak >= rules.cold_below_c)
        result = Verdict.HOT if hot else Verdict.COLD
    rechecks = tuple(
        replace(r, verdict=result, peak_c=peak, looked_at=room.now())
        if r.flight_id == flight.id
        else r
        for r in case.rechecks
    )
    return replace(case, rechecks=rechecks)


def _decided(unit: Unit, room: ControlRoom, case: Case, media: Sequence[str]) -> Case:
    """Close a cold case with its proof, send a hot one back to the crew, or look again later."""
    now = room.now()
    if case.state is not CaseState.VERIFYING:
        return case
    last = case.rechecks[-1] if case.rechecks else None
    if verdict(case, room.preset.recheck) is Verdict.COLD and last is not None:
        _cool(unit, case)
        note = f"cold: {last.peak_c:.1f} C at the last of the re-checks"
        closed = stepped(case, CaseState.CLOSED, at=now, by="service", note=note)
        closed = replace(closed, closed_at=now, after=tuple(media))
        _tell(unit, now, closed, "the place is cold, the case is closed", "现场已冷却，案卷结案")
        return closed
    if last is not None and last.verdict is Verdict.HOT:
        note = f"still hot: {last.peak_c:.0f} C"
        again = stepped(case, CaseState.DISPATCHED, at=now, by="service", note=note)
        again = redispatched(again, room.preset, now)
        _tell(
            unit, now, again, f"{note}; sent out again", f"仍有高温 {last.peak_c:.0f} C，再次派遣"
        )
        return again
    return case


def _cool(unit: Unit, case: Case) -> None:
    for anomaly_id in case.anomaly_ids:
        anomaly = unit.anomalies.get(anomaly_id)
        if anomaly.state is AnomalyState.OPEN:
            unit.anomalies.put(move(anomaly, AnomalyState.COLD))


def _tell(unit: Unit, now: datetime, case: Case, text: str, text_zh: str) -> None:
    alert(
        unit,
        now,
        "recheck",
        case.severity,
        f"{case.number}: {text}",
        f"{case.number}：{text_zh}",
        department=case.department,
        shared_with=case.shared_with,
        event_type=case.event_type,
        position=case.position,
        case_id=case.id,
    )


def pending(case: Case) -> Recheck | None:
    """The re-check that is ordered and has not been looked at."""
    return next((r for r in case.rechecks if r.looked_at is None), None)
