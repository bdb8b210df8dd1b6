"""What a re-check saw: the place is hot or cold, measured in the frames that show it."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from imagery.catalog import Medium, MediumState
from missions.cases.cases import redispatched, stepped
from missions.cases.looks import is_night, judged
from missions.cases.recheck import verdict
from missions.cases.records import Outcome
from missions.cases.verification import looked
from missions.entities import (
    Anomaly,
    AnomalyState,
    Case,
    CaseState,
    Flight,
    Recheck,
    SpotLook,
    Verdict,
)
from missions.lifecycle import move
from missions.operations import history as looking
from missions.operations.journal import alert
from missions.operations.room import ControlRoom
from missions.operations.warmth import Spot, Warmth, warmth_of
from missions.presets import RecheckRules
from missions.sightings import SightingKind
from missions.store.protocol import Unit

_WARM = (Verdict.HOT, Verdict.WARM)
PLACE_M = 30.0
"""Radius looked at round a place: the find's error ellipse and the burnt patch."""


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
        spots = watched_spots(unit, case)
    loop = asyncio.get_running_loop()
    places = [Spot(place=case.position, radius_m=PLACE_M)]
    places += [Spot(place=a.position, radius_m=spot_radius_m(room, a)) for a in spots]
    keys = [m.key for m in frames]
    measured = await loop.run_in_executor(room.pool, warmth_of, keys, places)
    shown = {m.id: row for m, row in zip(frames, measured, strict=True)}
    with room.unit() as unit:
        for medium, row in zip(frames, measured, strict=True):
            looking.note(unit, medium, zip(spots, row[1:], strict=True))
        case = unit.cases.get(case.id)
        found = _found_again(unit, case, frames)
        looks = spot_looks(room, case, spots, shown, found)
        noted = with_views(_noted(case, flight, room, looks), _seen(shown))
        unit.cases.put(_decided(unit, room, noted))


def spot_radius_m(room: ControlRoom, anomaly: Anomaly) -> float:
    """How far round a case's anomaly a re-check looks: no farther than a photograph shows."""
    return min(looking.radius_m(room, anomaly), PLACE_M)


def watched_spots(unit: Unit, case: Case) -> list[Anomaly]:
    """The case's places that are still to be seen cold: not rejected, nor part of another one."""
    found = [unit.anomalies.get(a) for a in case.anomaly_ids]
    return [a for a in found if a.state is AnomalyState.OPEN and a.merged_into is None]


def _seen(shown: Mapping[str, Sequence[Warmth | None]]) -> tuple[str, ...]:
    return tuple(m for m, row in shown.items() if any(w is not None for w in row))


def _found_again(unit: Unit, case: Case, media: Sequence[Medium]) -> frozenset[str]:
    """The case's anomalies that the detector found once more in these photographs."""
    shown = tuple(m.id for m in media)
    if not shown:
        return frozenset()
    again = unit.sightings.find(
        anomaly_id=case.anomaly_ids, medium_id=shown, kind=SightingKind.FOUND
    )
    return frozenset(s.anomaly_id for s in again)


def spot_looks(
    room: ControlRoom,
    case: Case,
    spots: Sequence[Anomaly],
    shown: Mapping[str, Sequence[Warmth | None]],
    found: Collection[str],
) -> tuple[SpotLook, ...]:
    """What a flight saw of the case's own place (named "") and of each anomaly.

    Args:
        shown: by photograph, the warmth of the case's place and of each of the spots, in order.
        found: ids of anomalies that the detector found again.
    """
    names = ["", *(a.id for a in spots)]
    columns = [[row[n] for row in shown.values()] for n in range(len(names))]
    lost = bool(set(found) - set(names))  # found again, though it is no longer one of the spots
    return tuple(
        _spot_look(room, case, name, column, found=name in found or (lost and not name))
        for name, column in zip(names, columns, strict=True)
    )


def _spot_look(
    room: ControlRoom, case: Case, name: str, column: Sequence[Warmth | None], *, found: bool
) -> SpotLook:
    """No verdict where no frame showed the place.

    A fire must be below the threshold wherever it was; other finds must not be found again.
    """
    rules = room.preset.recheck_of(case.event_type)
    seen = [w for w in column if w is not None]
    warmest = max(seen, key=lambda w: w.peak_c, default=None)
    result = None
    if room.preset.event_types[case.event_type].class_code in rules.classes:
        night = is_night(room.now(), rules, room.preset.zone_info)
        said = [_judged(w, rules, found=found, night=night) for w in seen]
        result = worst(said) if said else judged(None, None, rules, found=found)
        if result not in _WARM and not any(w.whole for w in seen):
            result = None  # half a place, or smoke: a hot spot would count, none says nothing
    elif warmest is not None or found:
        result = Verdict.HOT if found else Verdict.COLD
    return SpotLook(
        anomaly_id=name,
        verdict=result,
        peak_c=warmest.peak_c if warmest else None,
        background_c=warmest.background_c if warmest else None,
        uncertainty_k=warmest.uncertainty_k if warmest else None,
    )


def _judged(w: Warmth, rules: RecheckRules, *, found: bool, night: bool) -> Verdict | None:
    contrast = None if w.background_c is None else w.peak_c - w.background_c
    return judged(
        w.peak_c,
        w.uncertainty_k,
        rules,
        found=found,
        contrast_k=contrast,
        spread_k=w.spread_k,
        night=night,
    )


def worst(said: Sequence[Verdict | None]) -> Verdict | None:
    """Hot or warm if one word is; of the rest cold, if one says so."""
    known = (Verdict.HOT, Verdict.WARM, Verdict.COLD)
    return next((v for v in known if v in said), None)


def _noted(case: Case, flight: Flight, room: ControlRoom, spots: Sequence[SpotLook]) -> Case:
    """The case with this re-check's measurement: the warmest of its places, and each."""
    warmest = max(
        (s for s in spots if s.peak_c is not None), key=lambda s: s.peak_c or 0.0, default=None
    )
    said = [s.verdict for s in spots]
    result = worst(said)
    if result is Verdict.COLD and None in said:
        result = None  # not all of the fire was seen
    looked: dict[str, Any] = {
        "verdict": result,
        "looked_at": room.now(),
        "peak_c": warmest.peak_c if warmest else None,
        "background_c": warmest.background_c if warmest else None,
        "uncertainty_k": warmest.uncertainty_k if warmest else None,
        "spots": tuple(spots),
    }
    rechecks = tuple(replace(r, **looked) if r.flight_id == flight.id else r for r in case.rechecks)
    return replace(case, rechecks=rechecks)


def with_views(case: Case, media: Sequence[str]) -> Case:
    """The case with the latest photographs that show its place since the report back; a look that
    showed none of it leaves those of the look before."""
    return replace(case, after=tuple(media)) if media else case


def _decided(unit: Unit, room: ControlRoom, case: Case) -> Case:
    """Close a cold case with its proof, send a hot one back to the crew, or look again later."""
    now = room.now()
    if case.state is not CaseState.VERIFYING:
        return case
    last = case.rechecks[-1] if case.rechecks else None
    rules = room.preset.recheck_of(case.event_type)
    if verdict(case, rules, room.preset.zone_info) is Verdict.COLD and last is not None:
        _cool(unit, case)
        case = looked(unit, room.preset, case, last.request_id, Outcome.PASSED, now)
        note = f"cold: {_degrees(last, rules.assumed_k)} at the last of the re-checks"
        closed = stepped(case, CaseState.CLOSED, at=now, by="service", note=note)
        closed = replace(closed, closed_at=now)
        _tell(unit, now, closed, "the place is cold, the case is closed", "现场已冷却，案卷结案")
        return closed
    if last is not None and last.verdict is Verdict.HOT:
        note = "still hot" if last.peak_c is None else f"still hot: {last.peak_c:.0f} C"
        case = looked(unit, room.preset, case, last.request_id, Outcome.FAILED, now)
        again = stepped(case, CaseState.DISPATCHED, at=now, by="service", note=note)
        again = redispatched(again, room.preset, now)
        _tell(unit, now, again, f"{note}; sent out again", f"仍有高温{_zh(last)}，再次派遣")
        return again
    return case


def _zh(look: Recheck) -> str:
    return "" if look.peak_c is None else f" {look.peak_c:.0f} ℃"


def _degrees(look: Recheck, assumed_k: float) -> str:
    """A peak with its standard deviation, as a case's step says it."""
    if look.peak_c is None:
        return "no temperature"
    doubt = assumed_k if look.uncertainty_k is None else look.uncertainty_k
    return f"{look.peak_c:.1f} C +- {doubt:.1f} K"


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
        county=case.county,
    )


def pending(case: Case) -> Recheck | None:
    """The re-check that is ordered and has not been looked at."""
    return next((r for r in case.rechecks if r.looked_at is None), None)
