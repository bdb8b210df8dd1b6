"""A backup is brought back: all of it, or the old state stays.

Everything is laid out in a folder beside the home, checked, and takes the home's place in one
step: a process that is killed leaves the old home or the new one (and a folder `.NAME.restoring`,
which the next restore clears away).
"""

import os
import zipfile
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core.clock import SystemClock
from core.errors import InvalidInput, Unavailable
from missions.audit import verify
from missions.backup import CHUNK, Manifest, checked
from missions.feed.outbox import leap
from missions.placing_home import Place
from missions.sealed_keys import MEMBER, opened
from missions.store import SqlStore
from missions.store.dump import restore

DATABASE = "flyonce.sqlite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a backup goes.

    Attributes:
        database: URL of an empty database; None for a SQLite file in the home.
        media: where photographs go; None for `media` in the home.
        aside: where to move a home that is there already; None to refuse it.
    """

    home: Path
    database: str | None = None
    media: Path | None = None
    aside: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was brought back.

    Attributes:
        problems: of the audit trail, which did not hold when the backup was made either.
        aside: where the old home is now; None where there was none.
        keys: the key files that were put back.
    """

    manifest: Manifest
    problems: list[str]
    aside: Path | None
    keys: tuple[str, ...]


def bring_back(file: Path, target: Target, passphrase: str | None = None) -> Restored:
    """Restore a backup.

    What is said of the audit trail is what was so when the backup was made: a trail that did not
    hold then is restored as it was, and told.

    Args:
        passphrase: of the keys in the backup; None leaves them in it.

    Raises:
        InvalidInput: the backup is damaged, there is something already, or the passphrase is wrong.
        Unavailable: it cannot be written; what was there is there still.
    """
    manifest = checked(file)
    try:
        with ExitStack() as stack:
            places = [Place(target.home.resolve(), target.aside)]
            if target.media is not None:
                places.append(Place(target.media.resolve(), None))
            folders = [stack.enter_context(place.laid_out()) for place in places]
            archive = stack.enter_context(zipfile.ZipFile(file))
            keys = _keys(archive, manifest, passphrase, folders[0])
            _extract(archive, manifest, folders[0], folders[1] if folders[1:] else None)
            problems = _records(archive, manifest, target.database, folders[0], places)
            return Restored(manifest=manifest, problems=problems, aside=places[0].aside, keys=keys)
    except OSError as why:
        raise Unavailable(
            f"the backup cannot be restored: {why.strerror or why}; nothing was changed",
            where=str(why.filename or target.home),
            remedy="make room there, or restore into another folder",
        ) from why


def _records(
    archive: zipfile.ZipFile,
    manifest: Manifest,
    database: str | None,
    home: Path,
    places: list[Place],
) -> list[str]:
    """Fill the database and put everything in place; what is wrong with the trail."""
    tables = {
        name.removeprefix("tables/").removesuffix(".jsonl"): partial(archive.open, name)
        for name in manifest.members
        if name.startswith("tables/")
    }
    take = partial(_take, places)
    if database is None:
        url = f"sqlite:///{home / DATABASE}"
        restore(url, manifest.revision, tables)
        problems = _checked(url, manifest)
        take()
        return problems
    try:
        # the folders first, the commit last: a server that refuses it leaves everything as it was
        restore(database, manifest.revision, tables, before_commit=take)
    except BaseException:
        _give_back(places)
        raise
    return _checked(database, manifest)


def _take(places: list[Place]) -> None:
    try:
        for place in places:
            place.take()
    except BaseException:
        _give_back(places)
        raise


def _give_back(places: list[Place]) -> None:
    for place in reversed(places):
        place.give_back()


def _extract(archive: zipfile.ZipFile, manifest: Manifest, home: Path, media: Path | None) -> None:
    roots = {"media": media or home / "media", "logs": home / "logs"}
    for name in manifest.members:
        folder, _, rest = name.partition("/")
        if folder in roots:
            path = roots[folder] / rest
            path.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(name) as data, path.open("xb") as out:
                while piece := data.read(CHUNK):
                    out.write(piece)
                out.flush()
                os.fsync(out.fileno())


def _keys(
    archive: zipfile.ZipFile, manifest: Manifest, passphrase: str | None, home: Path
) -> tuple[str, ...]:
    """Write the key files, readable by their owner alone."""
    if passphrase is None:
        return ()
    if MEMBER not in manifest.members:
        raise InvalidInput(
            "there are no keys in this backup",
            where=archive.filename,
            remedy="restore it without --keys, or take one made with --keys",
        )
    found = opened(archive.read(MEMBER), passphrase)
    for name, content in found.items():
        number = os.open(home / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(number, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
    return tuple(found)


def _checked(url: str, manifest: Manifest) -> list[str]:
    """What is wrong with the trail. Readers of the change feed are told that time was lost."""
    store = SqlStore(url)
    try:
        with store.unit() as unit:
            leap(unit, SystemClock().now())
        return [problem.text for problem in verify(store, manifest.audit).problems]
    finally:
        store.close()
