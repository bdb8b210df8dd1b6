"""The rehearsal's report as plain JSON: for the service, the command line and the API."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from statistics import median
from typing import Any

import numpy as np

from sim.rehearse.flown import Flown
from sim.rehearse.rehearse import Rehearsed, Stage
from sim.rehearse.remedies import Tried, proven
from sim.rehearse.verdict import Judged, Shown, counted

FORMAT = "flyonce-rehearsal"
VERSION = 1


def content(
    day: Rehearsed, tried: Mapping[str, Sequence[Tried]], *, wall_s: float
) -> dict[str, Any]:
    """The whole report."""
    stage, judged = day.stage, list(day.judged.values())
    judged.sort(key=lambda j: (j.shown.sortie.start_s, j.shown.sortie.vehicle))
    return {
        "format": FORMAT,
        "version": VERSION,
        "title": stage.day.title,
        "begin": stage.day.begin.isoformat(),
        "zone": stage.day.zone,
        "forecast": stage.forecast.named,
        "forecast_known": stage.forecast.known,
        "members": stage.members,
        "seed": stage.seed,
        "wall_s": round(wall_s, 1),
        "counts": dict(counted(judged)),
        "timing": _timing(judged),
        "flights": [_flight(stage, j, tried.get(j.shown.sortie.id, ())) for j in judged],
    }


def _timing(judged: Sequence[Judged]) -> dict[str, Any]:
    """How the plan's times and charges compare with those of the rehearsal."""
    whole = [(j.shown.sortie, f) for j in judged for f in j.shown.flew if not f.cut_short]
    ratio = [f.duration_s / (s.end_s - s.start_s) for s, f in whole]
    error = [f.battery_end - s.landing_share for s, f in whole]
    if not ratio:
        return {"flights": 0}
    low, high = np.percentile(ratio, [5, 95])
    return {
        "flights": len(ratio),
        "duration_over_planned": round(median(ratio), 3),
        "duration_over_planned_p05": round(float(low), 3),
        "duration_over_planned_p95": round(float(high), 3),
        "landing_share_minus_planned": round(median(error), 3),
    }


def _flight(stage: Stage, judged: Judged, tried: Sequence[Tried]) -> dict[str, Any]:
    shown, worst = judged.shown, judged.worst
    sortie = shown.sortie
    return {
        "id": sortie.id,
        "vehicle": sortie.vehicle,
        "label": sortie.label,
        "verdict": judged.verdict.value,
        "risk": round(judged.risk, 3),
        "text": worst.text if worst else "it ends as planned",
        "text_zh": worst.text_zh if worst else "按计划完成",
        "findings": [
            {
                "code": f.code,
                "verdict": f.verdict.value,
                "share": round(f.share, 3),
                "text": f.text,
                "text_zh": f.text_zh,
            }
            for f in judged.findings
        ],
        "planned": {
            "take_off": _iso(stage, sortie.start_s),
            "landing": _iso(stage, sortie.end_s),
            "duration_s": round(sortie.end_s - sortie.start_s),
            "landing_share": round(sortie.landing_share, 3),
        },
        "rehearsed": _rehearsed(stage, shown.flew),
        "photos": {
            "planned": sortie.photos,
            "taken": min((f.photos for f in shown.flew), default=0),
        },
        **_surroundings(shown),
        "change": _change(stage, judged, tried),
        "tried": [
            {"text": t.change.text, "text_zh": t.change.text_zh, "proven": t.proven,
             "came_out": _came_out(t)}
            for t in tried
        ],
    }  # fmt: skip


def _rehearsed(stage: Stage, flew: Sequence[Flown]) -> dict[str, Any] | None:
    """Medians over the members that flew, and the least charge; None if none did."""
    if not flew:
        return None
    return {
        "take_off": _iso(stage, median(f.take_off_s for f in flew)),
        "landing": _iso(stage, median(f.landing_s for f in flew)),
        "landing_latest": _iso(stage, max(f.landing_s for f in flew)),
        "duration_s": round(median(f.duration_s for f in flew)),
        "battery_start": round(min(f.battery_start for f in flew), 3),
        "landing_share": round(median(f.battery_end for f in flew), 3),
        "landing_share_least": round(min(f.battery_end for f in flew), 3),
        "cut_short": sum(f.cut_short for f in flew),
        "failsafes": sorted({text for f in flew for text in f.failsafes}),
    }


def _surroundings(shown: Shown) -> dict[str, Any]:
    zone = min(shown.zones, key=lambda z: z.apart_m, default=None)
    near = min(shown.passings, key=lambda p: p.apart_m, default=None)
    own = shown.sortie.id
    last = max((f.landing_s for f in shown.flew), default=None)
    light = None if last is None or shown.dusk_s is None else round(shown.dusk_s - last)
    return {
        "clearance_m": None if shown.clear_m is None else round(shown.clear_m, 1),
        "zone": zone and {
            "name": zone.zone, "apart_m": round(zone.apart_m), "required_m": zone.buffer_m,
        },
        "nearest": near and {
            "flight": near.second if near.first == own else near.first,
            "apart_m": round(near.apart_m),
            "climb_m": round(near.climb_m),
        },
        "wind_mps": round(max(shown.wind_mps, default=0.0), 1),
        "light_left_s": light,
    }  # fmt: skip


def _change(stage: Stage, judged: Judged, tried: Sequence[Tried]) -> dict[str, Any] | None:
    """What to do: a change that was flown and came out ok, else None."""
    change = proven({judged.shown.sortie.id: tried}, judged.shown.sortie.id)
    if change is None:
        return None
    return {
        "kind": change.kind,
        "text": f"{change.text} (rehearsed: ok in all {stage.members} draws)",
        "text_zh": f"{change.text_zh}（已复演，{stage.members} 次抽样均正常）",
        "proven": True,
        "flights": [
            {
                "id": s.id,
                "vehicle": s.vehicle,
                "start": _iso(stage, s.start_s),
                "end": _iso(stage, s.end_s),
            }
            for s in change.sorties
        ],
    }


def _came_out(tried: Tried) -> str:
    """How a change came out, in words."""
    bad = [j.worst.text for j in tried.judged if j.worst is not None]
    if tried.harmed:
        bad.append("it would harm flight " + ", ".join(tried.harmed))
    return "; ".join(bad) or "ok"


def _iso(stage: Stage, at_s: float) -> str:
    return (stage.day.begin + timedelta(seconds=at_s)).isoformat(timespec="seconds")
