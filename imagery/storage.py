"""The media folder: files by what they contain, written whole or not at all."""

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from uuid import uuid4

import fsspec
from fsspec.implementations.local import LocalFileSystem

from core.errors import InvalidInput, NotFound, Unavailable

MIN_FREE_BYTES = 256 * 1024 * 1024
"""Kept free on a local disk, so that the database can still be written when media fill it."""

BLOCK_BYTES = 1024 * 1024
"""Read at once of a file that is hashed or copied."""
READ_ONLY = 0o444
"""Rights of a kept file: nobody writes to an original, not even its owner by accident."""

_DISK_FULL = {errno.ENOSPC, errno.EDQUOT}
_KEY_DIGITS = frozenset("0123456789abcdef/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A file that is safely in the folder; ``known`` when it was there before."""

    sha256: str
    size: int
    key: str
    known: bool = False


class MediaFolder:
    """Content-addressed storage on anything fsspec speaks; a local folder by default.

    The key of a file is derived from its SHA-256, so the same bytes are kept once and a file
    under a key is never changed. A local file is written beside its place and renamed into it:
    a killed process leaves no half-written file under a key.
    """

    def __init__(self, root: str, *, min_free_bytes: int = MIN_FREE_BYTES) -> None:
        """Args:
        root: a local path or an fsspec URL such as ``s3://bucket/media``.

        Raises:
            Unavailable: the folder cannot be made.
        """
        self._fs, path = fsspec.core.url_to_fs(str(root))
        self._root = str(path).rstrip("/")
        self._local = isinstance(self._fs, LocalFileSystem)
        self._min_free_bytes = min_free_bytes
        self._made: set[str] = set()
        try:
            self._fs.makedirs(self._root, exist_ok=True)
        except OSError as error:
            raise Unavailable(
                f"the media folder cannot be made ({error.strerror or error})",
                where=self._root,
                remedy="choose a folder that this user may write to",
            ) from error

    def put(self, data: bytes) -> Stored:
        """Keep the bytes. Returns after they can be opened under the key.

        Raises:
            Unavailable: the disk is full or the store does not answer; nothing is left behind.
        """
        digest = hashlib.sha256(data).hexdigest()
        key = f"{digest[:2]}/{digest}"
        path = self._path(key)
        try:
            if self._exists(path):
                return Stored(sha256=digest, size=len(data), key=key, known=True)
            if self._local:
                self._check_space(len(data))
                self._write_local(path, data)
            else:
                self._fs.pipe_file(path, data)  # object stores show an object only when whole
        except OSError as error:
            raise self._unavailable(error) from error
        return Stored(sha256=digest, size=len(data), key=key)

    def take(self, path: Path) -> Stored:
        """Keep a copy of a finished file, however large; see `put`."""
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = path.stat().st_size
        key = f"{digest[:2]}/{digest}"
        target = self._path(key)
        try:
            if self._exists(target):
                return Stored(sha256=digest, size=size, key=key, known=True)
            if self._local:
                self._check_space(size)
                self._place(target, lambda part: shutil.copyfile(path, part))
            else:
                self._fs.put_file(str(path), target)
        except OSError as error:
            raise self._unavailable(error) from error
        return Stored(sha256=digest, size=size, key=key)

    def local(self, key: str) -> Path:
        """A file on this machine with the bytes under a key, for readers that need a path; only
        to be read. From other stores a copy is fetched into the temporary folder.

        Raises:
            InvalidInput: this is no key. NotFound: nothing is kept under it.
            Unavailable: the store does not answer.
        """
        path = self._path(key)
        if not self._exists(path):
            raise _not_kept(key)
        if self._local:
            return Path(path)
        copy = Path(tempfile.gettempdir()) / f"flyonce-{os.getuid()}" / key.replace("/", "-")
        if not copy.exists():
            copy.parent.mkdir(mode=0o700, exist_ok=True)
            part = copy.with_name(f".part-{uuid4().hex}")
            try:
                self._fs.get_file(path, str(part))
                os.replace(part, copy)
            except OSError as error:
                raise self._unavailable(error) from error
            finally:
                part.unlink(missing_ok=True)
        return copy

    def beside(self, name: str) -> "MediaFolder":
        """A folder of its own within this one, for what is not a photograph.

        Args:
            name: a plain word.
        """
        url = self._root if self._local else self._fs.unstrip_protocol(self._root)
        return MediaFolder(f"{url}/{name}", min_free_bytes=self._min_free_bytes)

    def open(self, key: str) -> bytes:
        """The bytes under a key.

        Raises:
            InvalidInput: this is no key. NotFound: nothing is kept under it.
            Unavailable: the store does not answer.
        """
        path = self._path(key)
        try:
            return bytes(self._fs.cat_file(path))
        except FileNotFoundError as error:
            raise _not_kept(key) from error
        except OSError as error:
            raise self._unavailable(error) from error

    def blocks(self, key: str, size: int = BLOCK_BYTES) -> Iterator[bytes]:
        """The bytes under a key piece by piece, so that large files need little memory.

        Raises:
            InvalidInput: this is no key. NotFound: nothing is kept under it.
            Unavailable: the store does not answer.
        """
        path = self._path(key)
        try:
            with self._fs.open(path, "rb") as file:
                while block := file.read(size):
                    yield block
        except FileNotFoundError as error:
            raise _not_kept(key) from error
        except OSError as error:
            raise self._unavailable(error) from error

    def keys(self) -> Iterator[str]:
        """Every file beside the place of a key, folder by folder; also those that are no key."""
        for prefix in (f"{number:02x}" for number in range(256)):
            folder = f"{self._root}/{prefix}"
            try:
                names = [str(path).rpartition("/")[2] for path in self._fs.ls(folder, detail=False)]
            except FileNotFoundError:
                continue
            except OSError as error:
                raise self._unavailable(error) from error
            yield from (f"{prefix}/{n}" for n in sorted(names) if not n.startswith(".part-"))

    def has(self, key: str) -> bool:
        """Whether something is kept under the key."""
        return bool(self._exists(self._path(key)))

    def remove(self, key: str) -> None:
        """Forget the bytes under a key; nothing happens when there are none."""
        path = self._path(key)
        if self._exists(path):
            self._fs.rm_file(path)

    def scratch(self, name: str) -> Path:
        """A folder on this machine for files that are not whole yet: beside the media, so that
        they are on the same disk; for other stores in the temporary folder."""
        if self._local:
            return Path(self._root) / f".{name}"
        return Path(tempfile.gettempdir()) / f"flyonce-{os.getuid()}" / name

    def free_bytes(self) -> int | None:
        """Bytes free on the disk of a local folder; None for other stores."""
        return shutil.disk_usage(self._root).free if self._local else None

    def sweep(self) -> int:
        """Remove what a killed process left half-written; returns how many files.

        Call it at start, before the first `put`.
        """
        if not self._local:
            return 0
        leftovers = [p for p in self._fs.glob(f"{self._root}/*/.part-*") if self._fs.isfile(p)]
        for path in leftovers:
            self._fs.rm_file(path)
        return len(leftovers)

    def _path(self, key: str) -> str:
        prefix, _, digest = key.partition("/")
        if len(digest) != 64 or prefix != digest[:2] or not _KEY_DIGITS.issuperset(key):
            raise InvalidInput(
                "this is no key of the media folder", where=key[:80], remedy="use Stored.key"
            )
        return f"{self._root}/{key}"

    def _exists(self, path: str) -> bool:
        return os.path.exists(path) if self._local else bool(self._fs.exists(path))

    def _write_local(self, path: str, data: bytes) -> None:
        def write(part: str) -> None:
            with open(part, "xb") as file:
                file.write(data)

        self._place(path, write)

    def _place(self, path: str, write: Callable[[str], object]) -> None:
        """Let something be written beside its place and rename it into it."""
        folder = str(PurePosixPath(path).parent)
        if folder not in self._made:
            os.makedirs(folder, exist_ok=True)
            self._made.add(folder)
        part = f"{folder}/.part-{uuid4().hex}"
        try:
            write(part)
            os.chmod(part, READ_ONLY)
            os.replace(part, path)
        except BaseException:  # also on Ctrl-C: nothing half-done stays behind
            if os.path.exists(part):
                os.unlink(part)
            raise

    def _check_space(self, size: int) -> None:
        free = shutil.disk_usage(self._root).free
        if free - size < self._min_free_bytes:
            raise OSError(errno.ENOSPC, f"only {free // 1_000_000} MB are free")

    def _unavailable(self, error: OSError) -> Unavailable:
        if error.errno in _DISK_FULL:
            return Unavailable(
                f"the disk is full ({error.strerror or error})",
                where=self._root,
                remedy="free space or move the media folder to a larger disk; uploads can be "
                "repeated",
            )
        return Unavailable(
            f"the media folder does not answer ({error.strerror or error})",
            where=self._root,
            remedy="check the disk, the permissions and the network",
        )


def _not_kept(key: str) -> NotFound:
    return NotFound(
        "no such file in the media folder",
        where=key,
        remedy="restore the media folder from its backup",
    )
