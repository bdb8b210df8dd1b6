"""What a sender may refer to: its own uploads and batches, flights that it may see."""

import string

from core.errors import InvalidInput, NotFound
from missions.access import Principal
from missions.entities import Flight
from missions.media.brought import Batch, Upload
from missions.store.protocol import Unit


def checked_upload(unit: Unit, p: Principal, upload_id: str) -> Upload:
    """An upload of the sender or its department.

    Raises:
        NotFound: there is none; the same answer as for somebody else's.
    """
    upload = unit.uploads.get(upload_id)
    if upload.by != p.name and not p.sees(upload):
        raise NotFound("no such thing", where=upload_id)
    return upload


def checked_batch(unit: Unit, p: Principal, batch_id: str) -> Batch:
    """A batch of the sender or its department. Raises NotFound as `checked_upload`."""
    batch = unit.batches.get(batch_id)
    if batch.by != p.name and not p.sees(batch):
        raise NotFound("no such thing", where=batch_id)
    return batch


def visible_flight(unit: Unit, p: Principal, flight_id: str) -> Flight:
    """A flight that serves the sender's department. Raises NotFound."""
    flight = unit.flights.get(flight_id)
    if not p.sees(flight):
        raise NotFound("no such thing", where=flight_id)
    return flight


def checked_sha256(text: str) -> str:
    """A hexadecimal SHA-256 in lower case; "" stays "". Raises InvalidInput."""
    digest = text.strip().lower()
    if digest and (len(digest) != 64 or not set(digest) <= set(string.hexdigits)):
        raise InvalidInput(
            f"{text[:80]!r} is no SHA-256",
            where="sha256",
            remedy="give 64 hexadecimal digits, or leave it out",
        )
    return digest
