"""A backup in one file: every table as text, and photographs and logs if asked; checked when read.

It is a ZIP with a manifest that names every member with its size and SHA-256, the migration and
the end of the audit trail. One made from SQLite restores into PostgreSQL and the other way.
"""

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from core.errors import InvalidInput, Unavailable
from missions.audit import verify
from missions.store import SqlStore
from missions.store.dump import dumped, restore
from missions.store.seal import Head

FORMAT = "flyonce-backup-1"
MANIFEST = "manifest.json"
_CHUNK = 1 << 20


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


def back_up(store: SqlStore, folders: dict[str, Path], file: Path, at: datetime) -> Manifest:
    """Write a backup while the service goes on; it appears under its name when it is whole.

    Photographs are never changed once they are there: those that the picture of the database
    knows are there when it has been taken, so folders are read after it.

    Args:
        folders: by their name in the backup, such as `media` and `logs`.

    Raises:
        Unavailable: it cannot be written.
    """
    part = file.with_name(f"{file.name}.part")
    try:
        with part.open("wb") as raw:
            with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
                manifest = _filled(archive, store, folders, at)
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
    archive: zipfile.ZipFile, store: SqlStore, folders: dict[str, Path], at: datetime
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
            members[name] = _added(archive, name, _chunks(path))
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


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
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
        while piece := data.read(_CHUNK):
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


def bring_back(file: Path, url: str, folders: dict[str, Path]) -> tuple[Manifest, list[str]]:
    """Restore a backup: everything is checked first, then files, then the database at once.

    What it says of the audit trail is what was so when the backup was made: a trail that did not
    hold then is restored as it was, and told.

    Args:
        url: an empty database, or `sqlite:///FILE` with no such file.

    Raises:
        InvalidInput: the backup is damaged, or there is something already.
    """
    manifest = checked(file)
    target = Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None
    if target is not None and target.exists():
        raise InvalidInput(
            "there is a database already", where=str(target), remedy="restore into a new folder"
        )
    part = None if target is None else target.with_name(f"{target.name}.part")
    with ExitStack() as stack, zipfile.ZipFile(file) as archive:
        if part is not None:
            part.unlink(missing_ok=True)
            stack.callback(part.unlink, missing_ok=True)
        _extract(archive, manifest, folders)
        names = [name for name in manifest.members if name.startswith("tables/")]
        tables = {
            name.removeprefix("tables/").removesuffix(".jsonl"): partial(archive.open, name)
            for name in names
        }
        where = url if part is None else f"sqlite:///{part}"
        restore(where, manifest.revision, tables)
        problems = _problems(where, manifest)
        if part is not None and target is not None:
            part.replace(target)
    return manifest, problems


def _extract(archive: zipfile.ZipFile, manifest: Manifest, folders: dict[str, Path]) -> None:
    for name in manifest.members:
        folder, _, rest = name.partition("/")
        if folder in folders:
            path = folders[folder] / rest
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f".part-{path.name}")
            with archive.open(name) as data, part.open("wb") as out:
                while piece := data.read(_CHUNK):
                    out.write(piece)
            part.replace(path)


def _problems(url: str, manifest: Manifest) -> list[str]:
    store = SqlStore(url)
    try:
        return [problem.text for problem in verify(store, manifest.audit).problems]
    finally:
        store.close()
