"""Whatever is edited in a chain of custody is found, and no picture keeps more than it may."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.equipment import CameraSpec, Sensor
from core.pose import Attitude
from imagery.evidence.blur import MOST_PX_PER_M, TILE_PX, block_sizes
from imagery.evidence.digest import content_digest, declared_sha256
from imagery.evidence.scale import Look, metres_a_pixel
from missions.evidence.chain import HEAD, as_document, broken_links
from missions.evidence.custody import Custody, Note
from missions.evidence.custody_check import Findings, check_chain
from missions.evidence.records import Act, CustodyRecord
from missions.store import MemoryStore

AT = datetime(2026, 5, 12, 1, 0, tzinfo=UTC)
words = st.text(max_size=12)
notes = st.lists(
    st.builds(
        Note,
        medium_id=st.sampled_from(["med-1", "med-2", "med-3"]),
        what=st.sampled_from(list(Act)),
        by=words,
        at=st.integers(0, 10_000).map(lambda s: AT + timedelta(seconds=s)),
        detail=st.dictionaries(words, words, max_size=3),
    ),
    min_size=2,
    max_size=14,
)


def filled(several: list[Note], batches: int) -> MemoryStore:
    store = MemoryStore()
    size = -(-len(several) // batches)
    for start in range(0, len(several), size):
        with store.unit() as unit:
            Custody(unit).note_all(several[start : start + size])
    return store


def faults(store: MemoryStore) -> int:
    found = Findings()
    with store.view() as unit:
        check_chain(unit, found)
    return sum(found.counts.values())


def rows(store: MemoryStore) -> list[CustodyRecord]:
    with store.view() as unit:
        return unit.custody.find()


def forge(store: MemoryStore, records: list[CustodyRecord]) -> None:
    """Write the table anew, past the store's own rules."""
    store._tables["custody"].clear()
    store._order["custody"].clear()
    with store.unit() as unit:
        unit.custody.add_all(records)


def edited(record: CustodyRecord, draw: Any) -> CustodyRecord:
    changes: dict[str, Any] = {
        "medium_id": "med-9",
        "what": Act.SHOWN if record.what is not Act.SHOWN else Act.EXAMINED,
        "by": record.by + "x",
        "at": record.at + timedelta(microseconds=1),
        "detail": {**record.detail, "more": "x"},
        "position": record.position + 1,
        "number": record.number + 1,
        "before": "f" * 64,
        "previous": "e" * 64,
        "seal": "d" * 64,
    }
    name = draw(st.sampled_from(sorted(changes)))
    return replace(record, **{name: changes[name]})


@given(several=notes, batches=st.integers(1, 4), data=st.data())
@settings(deadline=None)
def test_any_edit_removal_or_exchange_is_found(
    several: list[Note], batches: int, data: st.DataObject
) -> None:
    store = filled(several, batches)
    assert faults(store) == 0
    whole = rows(store)
    k = data.draw(st.integers(0, len(whole) - 1))
    how = data.draw(st.sampled_from(["edit", "remove", "exchange", "cut"]))
    if how == "edit":
        forged = [*whole[:k], edited(whole[k], data.draw), *whole[k + 1 :]]
    elif how == "remove":
        forged = [*whole[:k], *whole[k + 1 :]]
    elif how == "cut":
        forged = whole[:k]
    else:
        j = data.draw(st.integers(0, len(whole) - 1).filter(lambda n: n != k))
        forged = list(whole)
        forged[j], forged[k] = forged[k], forged[j]
    forge(store, forged)
    assert faults(store) > 0


@given(several=notes, keep=st.integers(0, 12))
@settings(deadline=None)
def test_a_tail_cut_together_with_the_stores_head_is_found(several: list[Note], keep: int) -> None:
    store = filled(several, 3)
    whole = rows(store)
    kept = whole[: min(keep, len(whole) - 1)]
    forge(store, kept)
    last = {"position": kept[-1].position, "seal": kept[-1].seal} if kept else None
    with store.unit() as unit:
        unit.settings.set(HEAD, last or {"position": 0, "seal": "0" * 64})
    assert faults(store) > 0


@given(several=notes, data=st.data())
@settings(deadline=None)
def test_an_edit_in_an_exported_chain_is_found_without_the_rest(
    several: list[Note], data: st.DataObject
) -> None:
    records = rows(filled([replace(n, medium_id="med-1") for n in several], 2))
    documents = [{**as_document(r), "seal": r.seal} for r in records]
    assert broken_links(documents) == []
    k = data.draw(st.integers(0, len(documents) - 1))
    name = data.draw(st.sampled_from(sorted(documents[k])))
    documents[k] = {**documents[k], name: "forged"}
    assert broken_links(documents)


@given(
    pitch=st.floats(-90, 10),
    roll=st.floats(-40, 40),
    height=st.floats(0.5, 500),
    hfov=st.floats(10, 110),
    width=st.sampled_from([320, 640, 1000, 2048]),
)
@settings(deadline=None, max_examples=60)
def test_no_pixel_of_any_picture_keeps_more_than_promised(
    pitch: float, roll: float, height: float, hfov: float, width: int
) -> None:
    camera = CameraSpec(id="c", sensor=Sensor.VISIBLE, width_px=4000, height_px=3000, hfov_deg=hfov)
    look = Look(
        width_px=width,
        height_px=width * 3 // 4,
        height_m=height,
        attitude=Attitude(yaw_deg=10.0, pitch_deg=pitch, roll_deg=roll),
        camera=camera,
        gsd_m=None,
    )
    sizes = block_sizes(look)
    columns, rows_ = np.arange(5.0, width, 17.0), np.arange(5.0, look.height_px, 17.0)
    scale = metres_a_pixel(look, columns, rows_)
    blocks = sizes[np.ix_((rows_ // TILE_PX).astype(int), (columns // TILE_PX).astype(int))]
    filled_up = blocks > 512
    assert ((1.0 / (blocks * scale) <= MOST_PX_PER_M * 1.02) | filled_up).all()


@given(st.binary(min_size=32, max_size=32))
def test_a_declared_digest_comes_back_as_it_was(digest: bytes) -> None:
    assert declared_sha256(content_digest(digest.hex())) == digest.hex()
