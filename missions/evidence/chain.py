"""The custody's two hash chains: one through all records, one through the records of each medium.

The first finds whatever is edited, removed or moved anywhere; its head is written into the sealed
audit trail with every note, so that a cut-off tail shows against the trail. The second goes with a
medium when it is exported and can be followed there without the rest. The canonical form of a
record is JSON with sorted keys, no spaces and UTF-8, so that anybody can recompute a seal.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from missions.evidence.records import CustodyRecord
from missions.store.seal import GENESIS

HEAD = "custody_head"
"""The setting that holds the chain's end, so that a note need not search for it."""
ACTION = "custody"
"""The action of the audit trail's entries that anchor the chain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainHead:
    """How long the chain of all records is and how it ends."""

    position: int = 0
    seal: str = GENESIS


def as_document(record: CustodyRecord) -> dict[str, Any]:
    """What is sealed of a record, in JSON's types; ``seal`` itself is not among it."""
    return {
        "id": record.id,
        "position": record.position,
        "number": record.number,
        "medium": record.medium_id,
        "what": record.what.value,
        "at": record.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "by": record.by,
        "detail": dict(record.detail),
        "before": record.before,
        "previous": record.previous,
    }


def canonical(document: Mapping[str, Any]) -> bytes:
    """The bytes of a record that its seal is computed over."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def seal(record: CustodyRecord) -> str:
    """SHA-256 over a record's canonical form, in hexadecimal."""
    return hashlib.sha256(canonical(as_document(record))).hexdigest()


def broken_links(documents: Iterable[Mapping[str, Any]]) -> list[str]:
    """What is wrong with the chain of one medium, as it stands in an exported bundle.

    Args:
        documents: `as_document` of each record with its ``seal``, oldest first.
    """
    problems: list[str] = []
    previous, number = GENESIS, 0
    for document in documents:
        number += 1
        body = {name: value for name, value in document.items() if name != "seal"}
        found = hashlib.sha256(canonical(body)).hexdigest()
        if found != document.get("seal"):
            problems.append(f"record {number} was changed: its seal does not fit it")
        if document.get("number") != number or document.get("previous") != previous:
            problems.append(f"record {number} does not follow the one before it")
        previous = str(document.get("seal"))
    if number == 0:
        problems.append("there is no record")
    return problems
