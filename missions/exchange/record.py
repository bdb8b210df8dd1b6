"""A case as the province is told of it: one line of JSON, without personal data.

Left out on purpose: who took a step, what was written in notes, who is shown in photographs; of
photographs only the SHA-256 of the original goes up, so that a proof can be asked for and known
again. Field by field in case.schema.json.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from imagery.catalog import Medium
from missions.cases.deadlines import answered_at, is_overdue
from missions.cases.proof import missing_of
from missions.entities import Case, CaseState
from missions.presets import Preset

FORMAT = "flyonce-province-cases"
VERSION = 1
CRS = {
    "name": "CGCS2000",
    "code": "EPSG:4490",
    "measured_in": "WGS-84 (EPSG:4326)",
    "difference_m": 1.0,
    "order": "longitude, latitude in degrees",
}
"""Positions are measured in WGS-84 and given as they are: the two ellipsoids differ by 0.1 mm, the
frames by plate motion since epoch 2000.0, some 3 cm a year in eastern China, below a metre (Yang
2009, Chinese Science Bulletin 54, 2714-2721). Nothing is shifted to GCJ-02."""
SCHEMA_FILE = Path(__file__).resolve().parent / "case.schema.json"
_WITHDRAWN = (CaseState.REJECTED,)


def schema() -> Mapping[str, Any]:
    """The JSON Schema of a line."""
    found: Mapping[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return found


def record(case: Case, preset: Preset, media: Iterable[Medium], now: datetime) -> dict[str, Any]:
    """A case as a line: ``op`` "upsert" with everything, or "delete" for one that was withdrawn.

    A line replaces every earlier one of the same id whose ``version`` is lower; to take one in
    twice changes nothing.

    Args:
        media: that prove it, for their digests.
    """
    common = {
        "op": "delete" if case.state in _WITHDRAWN else "upsert",
        "id": case.id,
        "number": case.number,
        "version": version_of(case),
        "changed_at": _time(case.changed_at),
    }
    if common["op"] == "delete":
        return {**common, "reason": str(case.state)}
    return {
        **common,
        **_place(case, preset),
        **_kind(case, preset),
        **_course(case, now),
        "proof": _proof(case, preset, media),
    }


def version_of(case: Case) -> int:
    """Rises with every change: microseconds since 1970."""
    return round(case.changed_at.timestamp() * 1_000_000)


def line(value: Mapping[str, Any]) -> bytes:
    """A record as one line of UTF-8."""
    return (
        json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        + b"\n"
    )


def _place(case: Case, preset: Preset) -> dict[str, Any]:
    county = preset.territory.get(case.county)
    return {
        "city_code": preset.casework.city_code,
        "city": preset.title_zh,
        "county": case.county or None,
        "county_name": county.name_zh if county else None,
        "crs": CRS["code"],
        "lon": round(case.position.lon, 7),
        "lat": round(case.position.lat, 7),
        "title": case.title_zh,
    }


def _kind(case: Case, preset: Preset) -> dict[str, Any]:
    kind = preset.event_types[case.event_type]
    department = preset.departments.get(case.department)
    return {
        "class_code": kind.city_class or kind.class_code,
        "class_name": kind.class_name_zh,
        "event_code": kind.city_code or kind.code,
        "event_name": kind.name_zh,
        "flyonce_code": kind.code,
        "severity": case.severity,
        "department": case.department,
        "department_name": department.name_zh if department else None,
    }


def _course(case: Case, now: datetime) -> dict[str, Any]:
    answered = answered_at(case)
    return {
        "state": str(case.state),
        "opened_at": _time(case.opened_at),
        "due_at": _time(case.due_at),
        "reported_at": _time(answered) if answered else None,
        "closed_at": _time(case.closed_at) if case.closed_at else None,
        "overdue": is_overdue(case, now),
        "late": answered is not None and answered > case.due_at,
        "escalation": case.escalation,
        "extensions": sum(x.due_after is not None for x in case.extensions),
        "score": case.score,
        "recurs_of": case.recurs_of,
        "steps": [
            {"step": s.step, "at": _time(s.at), "department": s.department or None}
            for s in case.steps
        ],
    }


def _proof(case: Case, preset: Preset, media: Iterable[Medium]) -> dict[str, Any]:
    known = {m.id: m.sha256 for m in media}
    return {
        "complete": not missing_of(case, preset),
        "missing": [lack.code for lack in missing_of(case, preset)],
        "before_sha256": [known[m] for m in case.before if m in known],
        "after_sha256": [known[m] for m in case.after if m in known],
    }


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
