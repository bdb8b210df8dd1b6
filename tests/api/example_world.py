"""The whole world with one more of everything that the document's examples name.

What things are comes from the walk's world (leak_world); here they get the ids and the words that
somebody reads in /docs.
"""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import api_values as values
import leak_world
import shapefile as pyshp
from leak_world import Owner
from PIL import Image
from pyproj import CRS
from whole_world import World, world

from api.manners.examples import THINGS
from core.geo import LonLat
from missions import entities
from missions.identity.records import CustomRole
from missions.media.brought import UploadState
from missions.sightings import SightingKind
from missions.signals.model import SignalState

PASSWORD = "the river is calm today"
_IDS = {
    **THINGS,
    "orders": "ord-1",
    "packs": "pac-1",
    "preflights": "pre-1",
    "ledger": "led-1",
    "sightings": "sgt-1",
    "labels": "lab-1",
    "log": "log-1",
    "deliveries": "dlv-1",
    "gauges": "gau-1",
}
_WORDS: dict[str, dict[str, Any]] = {
    "standings": {"reason": ""},
    "filings": {"filed_by": "Dispatch", "remark": ""},
    "groundings": {"reason": "thunderstorm warning", "by": "Dispatch"},
    "packs": {"vehicle": "QZ-07", "locked": ""},
    "inspections": {
        "name": "Weir at the old bridge",
        "name_zh": "老桥水坝",
        "proposed_by": "Dispatch",
        "case_ids": ("cas-1", "cas-2"),
        "departments": ("forestry", "water"),
        "position": values.HERE,
        "note": "",
    },
    "devices": {"name": "Qujiang at the old bridge", "by": "Root", "note": ""},
    "signals": {
        "by": "Water",
        "text": "reported: flood",
        "text_zh": "上报：内涝",
        "words": "Water up to the knees under the bridge",
        "external_id": "12345-2026-0512-117",
        "matter": "02-07",
        "kind": "flood",
        "state": SignalState.ASKED,
        "outcome": None,
    },
    "contacts": {"name": "Zhou"},
    "batches": {"name": "card 7 of the river patrol", "by": "Root"},
    "holds": {"reason": "court file 2026-118", "by": "Root", "subject": "cas-2"},
    "accounts": {"name": "chen.wei", "display": "Chen Wei"},
    "tokens": {"name": "gateway-7"},
    "webhooks": {"description": "the water office's duty system", "by": "Root"},
    "labels": {"by": "Water"},
    "log": {"actor": "Water", "text": "handed over", "subject": "cas-1"},
    "sightings": {"kind": SightingKind.FOUND},
}
_THERE_ALREADY = frozenset(
    {"requests", "tasks", "flights", "orders", "cases", "anomalies", "events", "reviews", "alerts"}
)


class _Shown(Owner):
    """An owner whose things have readable ids."""

    def says(self, kind: str) -> str:
        return _IDS.get(kind, f"{kind}-1")

    @property
    def place(self) -> LonLat:
        return values.HERE

    @property
    def dock(self) -> str:
        return "QZ-07"


@contextmanager
def example_world(home: Path) -> Iterator[World]:
    """The furnished service."""
    with world(home) as made:
        owner = _Shown("w1", ("water",), "kecheng")
        things = {
            **leak_world._flown(owner),
            **leak_world._found(owner),
            **leak_world._sensed(owner),
            **leak_world._kept(owner),
        }
        with made.room.unit() as unit:
            for kind, thing in things.items():
                if kind in _THERE_ALREADY or kind == "uploads":
                    continue
                getattr(unit, kind).add(replace(thing, **_WORDS.get(kind, {})))
        _add(made, things)
        _pictures(made, owner)
        yield made


def _add(made: World, things: dict[str, Any]) -> None:
    """What needs a little more than a word."""
    second = replace(values.a_case(), id="cas-2", number="QZ-20260512-0002", department="water")
    role = CustomRole(
        id="river-chief",
        title="River chief",
        title_zh="河长",
        permissions=("request",),
        made_at=values.NOW,
        made_by="Root",
    )
    with made.room.unit() as unit:
        unit.cases.add(replace(second, shared_with=(), anomaly_ids=(), rechecks=()))
        unit.roles.add(role)
        filing = unit.filings.get("fil-1")
        unit.filings.put(replace(filing, purpose="patrols of the day"))
        flight = unit.flights.get("flt-1")
        unit.flights.put(replace(flight, state=entities.FlightState.PLANNED, filing_id=filing.id))
        upload = things["uploads"]
        unit.uploads.add(
            replace(
                upload,
                name="photo.jpg",
                batch="bat-1",
                size_bytes=len(photo()),
                by="Root",
                state=UploadState.WAITING,
                expires_at=values.NOW + timedelta(days=3650),
            )
        )


def _pictures(made: World, owner: Owner) -> None:
    """A photograph and a raster, with their files."""
    medium, product = leak_world._pictures(made, owner)
    with made.room.unit() as unit:
        unit.media.add(replace(medium, name="", notes=(), scenarios=("water-01",)))
        unit.products.add(replace(product, asked_by="Root", problems=()))


def photo() -> bytes:
    """A small picture."""
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (90, 120, 90)).save(file, "JPEG")
    return file.getvalue()


def shapefile() -> bytes:
    """A zipped shapefile of one area in CGCS2000 degrees."""
    parts = {kind: io.BytesIO() for kind in ("shp", "shx", "dbf")}
    with pyshp.Writer(**parts) as out:
        out.field("name", "C")
        ring = [(118.86, 28.94), (118.86, 28.96), (118.88, 28.96), (118.88, 28.94), (118.86, 28.94)]
        out.poly([ring])
        out.record("bank")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as bag:
        for kind, content in parts.items():
            bag.writestr(f"area.{kind}", content.getvalue())
        bag.writestr("area.prj", CRS.from_epsg(4490).to_wkt("WKT1_ESRI"))
    return packed.getvalue()
