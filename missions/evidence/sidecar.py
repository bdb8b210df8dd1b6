"""What goes beside a photograph in a bundle: its own facts, and the case that it belongs to."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from core.errors import InvalidInput
from imagery.catalog import Medium
from missions.entities import Case
from missions.evidence.chain import as_document
from missions.store import codec
from missions.store.protocol import Unit
from thermal.formats.decode import decode


def as_json(document: Any) -> bytes:
    """A document as UTF-8 JSON for people to read."""
    return (json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


def sidecar(medium: Medium, extra: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that is known of a medium: time, pose, camera, footprint, digests."""
    document = codec.encode(medium)
    document.pop("key")  # where it lies in our folder is nobody's business
    return {**document, **extra}


def temperatures(data: bytes) -> dict[str, Any]:
    """The figures of a thermal frame in degrees Celsius; runs in a worker."""
    try:
        celsius = decode(data).celsius
    except InvalidInput as why:
        return {"unreadable": str(why)}
    finite = celsius[np.isfinite(celsius)]
    if finite.size == 0:
        return {"unreadable": "no pixel is a number"}
    names = ("minimum", "p01", "median", "p99", "maximum")
    values = np.percentile(finite, (0, 1, 50, 99, 100))
    row, column = np.unravel_index(int(np.nanargmax(celsius)), celsius.shape)
    return {
        "celsius": {name: round(float(v), 2) for name, v in zip(names, values, strict=True)},
        "mean_celsius": round(float(finite.mean()), 2),
        "hottest_pixel": {"column": int(column), "row": int(row)},
        "width_px": int(celsius.shape[1]),
        "height_px": int(celsius.shape[0]),
        "remark": "corrected with the file's own parameters; 'flyonce thermal' gives every pixel",
    }


def custody_lines(unit: Unit, medium_id: str) -> bytes:
    """A medium's chain as JSON lines, each in the canonical form that its seal is computed over,
    with the seal added."""
    lines = []
    for record in unit.custody.find(medium_id=medium_id):
        document = {**as_document(record), "seal": record.seal}
        lines.append(
            json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        )
    return "".join(f"{line}\n" for line in lines).encode()


def story(unit: Unit, case: Case) -> dict[str, Any]:
    """A case from alert to proof: steps, places, looks, flights, and what the trail says."""
    flights = unit.flights.find(case_id=case.id)
    return {
        "case": codec.encode(case),
        "anomalies": [codec.encode(a) for a in unit.anomalies.find(id=case.anomaly_ids)],
        "events": [codec.encode(e) for e in unit.events.find(case_id=case.id)],
        "reviews": [codec.encode(r) for r in unit.reviews.find(case_id=case.id)],
        "flights": [
            {
                "id": f.id,
                "vehicle": f.vehicle,
                "origin": f.origin.value,
                "took_off_at": f.took_off_at.isoformat() if f.took_off_at else None,
                "landed_at": f.landed_at.isoformat() if f.landed_at else None,
            }
            for f in flights
        ],
        "audit": [codec.encode(entry) for entry in unit.log.find(subject=case.id)],
    }


def media_of(unit: Unit, case: Case) -> tuple[str, ...]:
    """Ids of every medium that a case rests on, in order of age."""
    found = [*case.before, *case.after]
    found += [m.id for m in unit.media.find(cases=case.id)]
    for event in unit.events.find(case_id=case.id):
        found += event.medium_ids
    for anomaly in unit.anomalies.find(id=case.anomaly_ids):
        found += [reading.medium_id for reading in anomaly.history]
    for review in unit.reviews.find(case_id=case.id):
        found += review.media
    wanted = tuple(dict.fromkeys(found))
    return tuple(sorted(m.id for m in unit.media.find(id=wanted)))
