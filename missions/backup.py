"""A backup in one file: every table as text, and photographs and logs if asked; checked when read.

It is a ZIP with a manifest that names every member with its size and SHA-256, the migration and
the end of the audit trail; only its owner may read it. One made from SQLite restores into
PostgreSQL and the other way (`missions.restoring`).
"""

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from core.errors import InvalidInput, Unavailable
from missions.sealed_keys import MEMBER
from missions.store import SqlStore
from missions.store.dump import dumped
from missions.store.seal import Head

FORMAT = "flyonce-backup-1"
MANIFEST = "manifest.json"
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file within a backup."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup holds: ``revision`` of the tables, ``audit`` the end of the trail."""

    format: str
    made_at: str
    revision: str
    audit: Head
    members: dict[str, Member]


def back_up(
    store: SqlStore,
    folders: dict[str, Path],
    file: Path,
    at: datetime,
    keys: bytes | None = None,
) -> Manifest:
    """Write a backup while the service goes on; it appears under its name when it is whole.

    Photographs are never changed once they are there: those that the picture of the database
    knows are there when it has been taken, so folders are read after it.

    Args:
        folders: by their name in the backup, such as `media` and `logs`.
        keys: signing keys, sealed (`missions.sealed_keys`); None to leave them out.

    Raises:
        Unavailable: it cannot be written.
    """
    part = file.with_name(f"{file.name}.part")
    try:
        part.unlink(missing_ok=True)
        number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(number, "wb") as raw:
            with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
                manifest = _filled(archive, store, folders, at, keys)
                archive.writestr(MANIFEST, json.dumps(asdict(manifest), indent=1))
            raw.flush()
            os.fsync(raw.fileno())
        part.replace(file)
    except OSError as why:
        part.unlink(missing_ok=True)
        raise Unavailable(
            f"the backup cannot be written: {why.strerror}",
            where=str(file),
            remedy="choose another place, or make room there",
        ) from why
    return manifest


def _filled(
    archive: zipfile.ZipFile,
    store: SqlStore,
    folders: dict[str, Path],
    at: datetime,
    keys: bytes | None,
) -> Manifest:
    members: dict[str, Member] = {}
    with dumped(store) as dump:
        for table in dump.tables:
            name = f"tables/{table}.jsonl"
            members[name] = _added(archive, name, dump.lines(table))
        head, revision = dump.audit_head, dump.revision
    for folder, root in folders.items():
        for path in sorted(p for p in root.rglob("*") if p.is_file() and ".part" not in p.name):
            name = f"{folder}/{path.relative_to(root).as_posix()}"
            with suppress(FileNotFoundError):  # retention deleted it meanwhile
                members[name] = _added(archive, name, _chunks(path.open("rb")))
    if keys is not None:
        members[MEMBER] = _added(archive, MEMBER, [keys])
    return Manifest(
        format=FORMAT, made_at=at.isoformat(), revision=revision, audit=head, members=members
    )


def _added(archive: zipfile.ZipFile, name: str, pieces: Iterable[bytes]) -> Member:
    digest, size = hashlib.sha256(), 0
    info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    stored = name.endswith((".jpg", ".jpeg", ".tif", ".tiff", ".mp4"))
    info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    with archive.open(info, "w", force_zip64=True) as out:
        for piece in pieces:
            digest.update(piece)
            size += len(piece)
            out.write(piece)
    return Member(size=size, sha256=digest.hexdigest())


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(CHUNK):
            yield piece


def checked(file: Path) -> Manifest:
    """Read a backup through and compare every byte with its manifest.

    Raises:
        InvalidInput: it is damaged, incomplete or no backup; the sentence names the member.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = _manifest(archive)
            surplus = set(archive.namelist()) ^ {MANIFEST, *manifest.members}
            if surplus:
                raise _damaged(file, f"{min(surplus)} is missing or not in the manifest")
            for name, member in manifest.members.items():
                if _digest(archive, name) != member.sha256:
                    raise _damaged(file, f"{name} is not what was written")
            return manifest
    except (
        zipfile.BadZipFile,
        zlib.error,
        KeyError,
        ValueError,
        TypeError,
        EOFError,
        OSError,
    ) as why:
        raise _damaged(file, str(why)) from why


def _digest(archive: zipfile.ZipFile, name: str) -> str:
    digest = hashlib.sha256()
    with archive.open(name) as data:
        while piece := data.read(CHUNK):
            digest.update(piece)
    return digest.hexdigest()


def _manifest(archive: zipfile.ZipFile) -> Manifest:
    found = json.loads(archive.read(MANIFEST))
    if found["format"] != FORMAT:
        raise ValueError(f"its format is {found['format']!r}, not {FORMAT}")
    members = {name: Member(**member) for name, member in found.pop("members").items()}
    unsafe = [n for n in members if n.startswith("/") or ".." in n.split("/") or "\\" in n]
    if unsafe:
        raise ValueError(f"it would write outside the home folder: {unsafe[0]}")
    return Manifest(**{**found, "audit": Head(**found["audit"]), "members": members})


def _damaged(file: Path, why: str) -> InvalidInput:
    return InvalidInput(
        f"the backup is damaged, or is none: {why}",
        where=str(file),
        remedy="nothing was restored; use another backup",
    )
