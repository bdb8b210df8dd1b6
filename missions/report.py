"""The day's figures, counted from the records: nothing here is assumed."""

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from shapely.geometry import shape

from imagery.catalog import Medium, MediumState
from imagery.ground.coverage import Coverage
from missions.entities import (
    Case,
    CaseState,
    CaseStep,
    Flight,
    FlightState,
    Origin,
    PlanRecord,
    Request,
    Task,
    TaskState,
    Verdict,
)
from missions.operations.examine import is_urgent
from missions.operations.room import ControlRoom
from missions.store.protocol import Unit

TOLERANCE = 1.1
"""Terrain and height hold vary the resolution: a tenth coarser than asked still serves."""
BATCH = 2000
_STEP_ZH = {
    CaseState.COLLECTED: "信息收集",
    CaseState.OPENED: "案卷建立",
    CaseState.DISPATCHED: "任务派遣",
    CaseState.HANDLING: "任务处理",
    CaseState.REPORTED_BACK: "处理反馈",
    CaseState.VERIFYING: "核查",
    CaseState.CLOSED: "结案",
    CaseState.EVALUATED: "综合评价",
    CaseState.REJECTED: "不予立案",
}
_WHY_ZH = {Origin.ALARM: "告警", Origin.RECHECK: "复查", Origin.POINT: "指点飞行"}
_FLOWN = (FlightState.DONE, FlightState.DIVERTED)


class Photographed:
    """The share of the territory that kept photographs show at the resolution asked for.

    Grows with the records: each medium is drawn once.
    """

    def __init__(self, room: ControlRoom, cell_m: float = 50.0) -> None:
        counties = [county.polygon for county in room.preset.territory.values()]
        self._coverage = Coverage(counties, cell_m=cell_m)
        self._last: str | None = None
        self._gsd: dict[str, float] = {}

    def share(self, unit: Unit) -> float:
        """The share so far, 0 to 1."""
        while media := unit.media.find(state=MediumState.KEPT, after=self._last, limit=BATCH):
            for medium in media:
                if medium.footprint is not None and self._sharp_enough(unit, medium):
                    self._coverage.add(shape(medium.footprint))
            self._last = media[-1].id
        return self._coverage.share()

    def _sharp_enough(self, unit: Unit, medium: Medium) -> bool:
        asked = max((self._asked(unit, task) for task in medium.tasks), default=0.0)
        return medium.gsd_m is not None and medium.gsd_m <= asked * TOLERANCE

    def _asked(self, unit: Unit, task_id: str) -> float:
        if task_id not in self._gsd:
            self._gsd[task_id] = unit.tasks.get(task_id).gsd_m
        return self._gsd[task_id]


class Reporter:
    """Makes the report."""

    def __init__(self, room: ControlRoom) -> None:
        self._room = room
        self._photographed = Photographed(room)
        self._lock = threading.Lock()

    def figures(self) -> dict[str, Any]:
        """The report; its keys are a promise (see README)."""
        room = self._room
        with self._lock, room.view() as unit:
            day = room.today()
            plans = unit.plans.find(day=day, limit=1)
            tasks = unit.tasks.find(day=day)
            flights = unit.flights.find(day=day)
            requests = unit.requests.find()
            week = unit.settings.get("week")
            return {
                "city": room.preset.title,
                "day": day.isoformat(),
                "time": room.now().isoformat(),
                "drones": len(room.preset.docks),
                "scenarios": _scenarios(unit, room, requests, tasks, week),
                "tasks": _tasks(plans, tasks),
                "requests": dict(Counter(r.state for r in requests)),
                "flights": sum(f.state in _FLOWN for f in flights),
                "flight_details": _flights(flights),
                "km_flown": round(sum(f.km for f in flights if f.state in _FLOWN), 1),
                "km_planned": round(plans[0].km, 1) if plans else None,
                "km_separate": round(plans[0].km_separate, 1) if plans else None,
                "flights_separate": plans[0].flights_separate if plans else None,
                "territory_share": {
                    "day": round(self._photographed.share(unit), 4),
                    "day_planned": round(plans[0].day_share, 4) if plans else None,
                    "week_planned": round(week["share"], 4) if week else None,
                },
                "media": _media(unit, flights),
                "anomalies": _anomalies(unit),
                "events": _events(unit),
                "cases": dict(Counter(c.state for c in unit.cases.find())),
                "reviews": _reviews(unit),
                "fire": self._fire(unit),
            }

    def _fire(self, unit: Unit) -> dict[str, Any]:
        """A forest fire's case as a timeline: the first settled one, else the first."""
        preset = self._room.preset
        burning = (
            code
            for code, kind in preset.event_types.items()
            if is_urgent(kind) and kind.class_code in preset.recheck.classes
        )
        found = unit.cases.find(event_type=next(burning, ""))
        cases = sorted(found, key=lambda case: case.opened_at)
        if not cases:
            return {"cases": 0, "timeline": []}
        first = next((c for c in cases if c.closed_at is not None), cases[0])
        judged = [r for r in first.rechecks if r.looked_at is not None and r.verdict is not None]
        final = judged[-1] if judged else None
        minutes = None
        if final is not None and final.looked_at is not None:
            minutes = round((final.looked_at - first.opened_at).total_seconds() / 60, 1)
        return {
            "cases": len(cases),
            "case": first.number,
            "lon": first.position.lon,
            "lat": first.position.lat,
            "alert_at": first.opened_at.isoformat(),
            "alert_to_recheck_min": minutes,
            "verdict": final.verdict if final else None,
            "timeline": _timeline(unit, first),
        }


def _scenarios(
    unit: Unit,
    room: ControlRoom,
    requests: Iterable[Request],
    tasks: Iterable[Task],
    week: Mapping[str, Any] | None,
) -> dict[str, Any]:
    known = room.preset.scenarios
    requested = {r.scenario for r in requests if r.scenario in known}
    flown = {s for t in tasks if t.state is TaskState.FLOWN for s in t.scenarios if s in known}
    return {
        "catalogued": len(known),
        "requested": len(requested),
        "planned": week["planned"] if week else None,
        "missing": week["missing"] if week else {},
        "planned_today": len({s for t in tasks if t.flight_id for s in t.scenarios if s in known}),
        "flown": len(flown),
        "with_finding": len(_with_finding(unit, room)),
    }


def _with_finding(unit: Unit, room: ControlRoom) -> set[str]:
    """Scenarios whose photographs led to an event that they look for."""
    found: set[str] = set()
    for event in unit.events.find():
        for medium_id in event.medium_ids:
            for task_id in unit.media.get(medium_id).tasks:
                found.update(
                    name
                    for name in unit.tasks.get(task_id).scenarios
                    if name in room.preset.scenarios
                    and event.event_type in room.preset.scenarios[name].event_types
                )
    return found


def _tasks(plans: list[PlanRecord], tasks: list[Task]) -> dict[str, Any]:
    refused = Counter(
        t.refusal.code if t.refusal else "unknown" for t in tasks if t.state is TaskState.REFUSED
    )
    return {
        "asked": plans[0].asked if plans else 0,
        "made": len(tasks),
        "merged": sum(len(t.request_ids) > 1 for t in tasks),
        "served_by_merging": sum(len(t.request_ids) - 1 for t in tasks if len(t.request_ids) > 1),
        "planned": sum(t.flight_id is not None for t in tasks),
        "flown": sum(t.state is TaskState.FLOWN for t in tasks),
        "refused": dict(refused),
    }


def _flights(flights: list[Flight]) -> dict[str, Any]:
    return {
        "planned": len(flights),
        "by_state": dict(Counter(f.state for f in flights)),
        "by_origin": dict(Counter(f.origin for f in flights)),
        "urgent": sum(f.origin in (Origin.ALARM, Origin.RECHECK, Origin.POINT) for f in flights),
        "failed": sorted({f.reason for f in flights if f.state is FlightState.FAILED}),
    }


def _media(unit: Unit, flights: list[Flight]) -> dict[str, Any]:
    dropped = unit.media.find(state=MediumState.DROPPED)
    return {
        "taken": sum(f.photos_taken for f in flights),
        "received": unit.media.count(),
        "kept": unit.media.count(state=MediumState.KEPT),
        "dropped": dict(Counter(m.reason for m in dropped)),
    }


def _anomalies(unit: Unit) -> dict[str, Any]:
    anomalies = unit.anomalies.find()
    return {
        "found": len(anomalies),
        "by_state": dict(Counter(a.state for a in anomalies)),
        "by_type": dict(Counter(a.event_type for a in anomalies)),
        "sightings": sum(a.sightings for a in anomalies),
    }


def _events(unit: Unit) -> dict[str, Any]:
    events = unit.events.find()
    return {
        "total": len(events),
        "by_type": dict(Counter(e.event_type for e in events)),
        "by_department": dict(Counter(e.department for e in events)),
    }


def _reviews(unit: Unit) -> dict[str, int]:
    decided = Counter(r.decision.decision if r.decision else "open" for r in unit.reviews.find())
    return dict(decided)


def _timeline(unit: Unit, case: Case) -> list[dict[str, Any]]:
    """What happened in a case, in order, in both languages."""
    lines: list[tuple[datetime, str, str]] = [_step_line(step) for step in case.steps]
    for flight in unit.flights.find(case_id=case.id):
        drone, why = flight.vehicle, _WHY_ZH.get(flight.origin, "")
        if flight.took_off_at:
            took_off = f"{drone} took off ({flight.origin})"
            lines.append((flight.took_off_at, took_off, f"{drone} 起飞（{why}）"))
        if flight.landed_at:
            landed = f"{drone} landed ({flight.origin})"
            lines.append((flight.landed_at, landed, f"{drone} 降落（{why}）"))
    lines.extend(
        (look.looked_at, *_look_words(look.verdict, look.peak_c or 0.0))
        for look in case.rechecks
        if look.looked_at is not None and look.verdict is not None
    )
    lines.sort(key=lambda line: line[0])
    return [{"at": at.isoformat(), "what": what, "what_zh": zh} for at, what, zh in lines]


def _step_line(step: CaseStep) -> tuple[datetime, str, str]:
    note = f": {step.note}" if step.note else ""
    return step.at, f"{step.step}{note} ({step.by})", f"{_STEP_ZH[CaseState(step.step)]}{note}"


def _look_words(verdict: Verdict, peak_c: float) -> tuple[str, str]:
    zh = "仍有高温" if verdict is Verdict.HOT else "已冷却"
    return f"re-check: {verdict}, {peak_c:.1f} C", f"复查：{zh}，{peak_c:.1f} ℃"
