"""Are the files what the records say? Each file is read again and hashed, in blocks.

Also: each medium's own chain, its digest against what its custody says, and files that nobody
recorded.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from itertools import islice

from core.errors import NotFound
from imagery.catalog import Medium, MediumState
from imagery.storage import MediaFolder
from missions.evidence.chain import as_document, broken_links
from missions.evidence.custody_check import PAGE, Findings, Sort, check_chain
from missions.evidence.deletions import ordered
from missions.evidence.records import Act, CustodyRecord
from missions.store.protocol import Store, Unit

_BATCH = 500
_KEY = re.compile(r"\b[0-9a-f]{2}/[0-9a-f]{64}\b")


def check(store: Store, media: MediaFolder, *, files: bool = True) -> Findings:
    """Check the chain of custody, the records of all media and, with ``files``, every byte.

    A file that comes in at this very moment may show as extra; it does not when checked again.

    Raises:
        Unavailable: the media folder does not answer.
    """
    found = Findings()
    listed = iter(media.keys()) if files else iter(())
    with store.view() as unit:
        check_chain(unit, found)
        under_way = frozenset(ordered(unit))
        for medium in _media(unit):
            _check_medium(unit, medium, under_way, found)
            if files and medium.state is not MediumState.DELETED:
                _check_bytes(media, medium, under_way, found)
        proofs = _check_proofs(unit, media, found) if files else frozenset()
    while batch := list(islice(listed, _BATCH)):
        with store.view() as unit:  # a new picture: what came in since is recorded by now
            _check_extra(unit, batch, proofs, found)
    return found


def _media(unit: Unit) -> Iterator[Medium]:
    after = None
    while page := unit.media.find(after=after, limit=PAGE):
        yield from page
        after = page[-1].id


def _check_medium(unit: Unit, medium: Medium, under_way: frozenset[str], found: Findings) -> None:
    """A medium's record against its custody."""
    found.media += 1
    found.declared += bool(medium.declared_sha256)
    found.deleted += medium.state is MediumState.DELETED
    records = unit.custody.find(medium_id=medium.id)
    if not records:
        found.undocumented += 1
        return
    for problem in broken_links({**as_document(r), "seal": r.seal} for r in records):
        found.add(Sort.CHAIN, medium.id, problem)
    if any(digest != medium.sha256 for digest in _digests(records)):
        found.add(Sort.RECORD, medium.id, "its record names another digest than its custody")
    gone = any(record.what is Act.DELETED for record in records)
    if gone != (medium.state is MediumState.DELETED) and medium.id not in under_way:
        found.add(Sort.RECORD, medium.id, "record and custody differ on whether it was deleted")


def _digests(records: Sequence[CustodyRecord]) -> Iterator[str]:
    for record in records:
        if record.what in (Act.CAPTURED, Act.RECEIVED, Act.STORED) and "sha256" in record.detail:
            yield record.detail["sha256"]


def _check_bytes(
    media: MediaFolder, medium: Medium, under_way: frozenset[str], found: Findings
) -> None:
    digest, size = hashlib.sha256(), 0
    try:
        for block in media.blocks(medium.key):
            digest.update(block)
            size += len(block)
    except NotFound:
        if medium.id not in under_way:
            found.add(Sort.MISSING, medium.id, f"{medium.key} is not in the media folder")
        return
    found.files += 1
    found.bytes += size
    if digest.hexdigest() != medium.sha256:
        text = f"{medium.key} has {size} bytes with the digest {digest.hexdigest()}"
        found.add(Sort.ALTERED, medium.id, text)


def _check_proofs(unit: Unit, media: MediaFolder, found: Findings) -> frozenset[str]:
    """Files that the sealed trail itself names: the proofs of flown plans. Returns their digests;
    a proof cut from the trail shows there."""
    names: set[str] = set()
    after = None
    while page := unit.log.find(action="prove", after=after, limit=PAGE):
        for entry in page:
            for key in _KEY.findall(entry.text):
                names.add(key.rpartition("/")[2])
                _check_proof(media, key, found)
        after = page[-1].id
    return frozenset(names)


def _check_proof(media: MediaFolder, key: str, found: Findings) -> None:
    digest = hashlib.sha256()
    try:
        for block in media.blocks(key):
            digest.update(block)
    except NotFound:
        found.add(Sort.MISSING, key, "the proof that the audit trail names is not there")
        return
    if digest.hexdigest() != key.rpartition("/")[2]:
        found.add(Sort.ALTERED, key, "this proof was changed")


def _check_extra(unit: Unit, keys: Sequence[str], proofs: frozenset[str], found: Findings) -> None:
    """Files that no record names, or whose medium was deleted."""
    names = {key.rpartition("/")[2]: key for key in keys}
    known = {m.sha256 for m in unit.media.find(sha256=tuple(names)) if _has_bytes(m)}
    for name in sorted(names.keys() - known - proofs):
        found.add(Sort.EXTRA, names[name], "no record names this file")


def _has_bytes(medium: Medium) -> bool:
    return medium.state is not MediumState.DELETED
