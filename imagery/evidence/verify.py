"""Checks a bundle without any service or database: the bag, its signature, nothing too many.

Nothing is unpacked: files are read within the zip, in blocks, so that names that point outside
(../, absolute, drives) and bombs do no harm; they are reported.
"""

import hashlib
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import InvalidInput
from imagery.evidence.bag import DECLARATION, MANIFEST, PUBLIC_KEY, SIGNATURE, TAG_MANIFEST
from imagery.evidence.signature import fingerprint, is_signed
from imagery.files.reading import open_file

_BLOCK = 1024 * 1024
MOST_TAG_BYTES = 64 * 1024 * 1024
"""A manifest of this size names half a million files: larger ones are no bundle of ours."""
MOST_FILE_BYTES = 64 * 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a check of a bundle found; it is genuine when there are no faults.

    Attributes:
        files: of the payload, whose digests are right.
        key: fingerprint of the key that the signature is of; "" when it is not signed by any.
        trusted: the key was given by the caller, not only found in the bundle.
        faults: each with the file's name.
    """

    name: str
    files: int
    bytes: int
    key: str
    trusted: bool
    faults: tuple[str, ...]

    @property
    def genuine(self) -> bool:
        """Whether nothing was altered, removed or added, and the signature is right."""
        return not self.faults


def verify(path: Path, public_pem: str | None = None) -> Verdict:
    """Check a bundle.

    Args:
        public_pem: the service's public key from a source that one trusts; without it the key in
            the bundle is used, which shows damage but not forgery.

    Raises:
        NotFound: there is no such file. InvalidInput: this is no zip file, or the key is none.
    """
    try:
        with open_file(path) as raw, zipfile.ZipFile(raw) as file:
            return _Check(file, public_pem).run()
    except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise InvalidInput(
            f"this is no bundle that can be read: {error}",
            where=str(path),
            remedy="copy it again from where it was exported",
        ) from error


class _Check:
    """One check; collects the faults."""

    def __init__(self, file: zipfile.ZipFile, public_pem: str | None) -> None:
        self._zip = file
        self._given = public_pem
        self._faults: list[str] = []
        self._top = ""
        self._bytes = 0

    def run(self) -> Verdict:
        entries = self._entries()
        tags = self._manifest(TAG_MANIFEST, entries)
        key = self._check_signature(entries)
        self._check_files(tags, entries, what="tag file")
        payload = self._manifest(MANIFEST, entries)
        for needed in ("bagit.txt", "bag-info.txt", MANIFEST):
            if needed not in tags:
                self._faults.append(f"{needed}: not covered by the tag manifest")
        self._check_declaration(entries)
        right = self._check_files(payload, entries, what="file")
        expected = {*payload, *tags, TAG_MANIFEST, SIGNATURE}
        added = sorted(entries.keys() - expected)
        self._faults += [f"{name}: added, no manifest names it" for name in added]
        return Verdict(
            name=self._top,
            files=right,
            bytes=self._bytes,
            key=key,
            trusted=self._given is not None,
            faults=tuple(self._faults),
        )

    def _entries(self) -> dict[str, zipfile.ZipInfo]:
        """Files by name below the bag's one folder; strange names are faults."""
        found: dict[str, zipfile.ZipInfo] = {}
        for entry in self._zip.infolist():
            top, _, name = entry.filename.partition("/")
            self._top = self._top or top
            if entry.is_dir() and _is_safe(entry.filename.rstrip("/")):
                continue
            if stat.S_ISLNK(entry.external_attr >> 16):
                self._faults.append(f"{entry.filename!r}: a link, not a file")
            elif not _is_safe(entry.filename) or not name:
                self._faults.append(f"{entry.filename!r}: a name that points outside the bundle")
            elif top != self._top:
                self._faults.append(f"{entry.filename}: added beside the bag")
            elif name in found:
                self._faults.append(f"{name}: stands in the zip twice")
            else:
                found[name] = entry
        return found

    def _manifest(self, name: str, entries: Mapping[str, zipfile.ZipInfo]) -> dict[str, str]:
        text = self._small(name, entries)
        if text is None:
            return {}
        found: dict[str, str] = {}
        for line in text.decode("utf-8", "replace").splitlines():
            digest, _, path = line.partition("  ")
            if len(digest) != 64 or not _is_safe(path) or path in found:
                self._faults.append(f"{name}: a line that cannot be: {line[:120]!r}")
            else:
                found[path] = digest
        return found

    def _check_signature(self, entries: Mapping[str, zipfile.ZipInfo]) -> str:
        signed, signature = self._small(TAG_MANIFEST, entries), self._small(SIGNATURE, entries)
        inside = self._small(PUBLIC_KEY, entries)
        if signed is None or signature is None or (inside is None and self._given is None):
            return ""
        pem = self._given or (inside or b"").decode("ascii", "replace")
        try:
            right, key = is_signed(signed, signature, pem), fingerprint(pem)
        except InvalidInput:
            if self._given is not None:
                raise
            right, key = False, ""
        if right:
            return key
        whose = "the given key" if self._given is not None else "the key in the bundle"
        self._faults.append(f"{SIGNATURE}: is not a signature by {whose} of {TAG_MANIFEST}")
        return ""

    def _check_declaration(self, entries: Mapping[str, zipfile.ZipInfo]) -> None:
        text = self._small("bagit.txt", entries)
        if text is not None and text.decode("utf-8", "replace") != DECLARATION:
            self._faults.append("bagit.txt: declares no BagIt 1.0")

    def _check_files(
        self, digests: Mapping[str, str], entries: Mapping[str, zipfile.ZipInfo], *, what: str
    ) -> int:
        right = 0
        for name, digest in digests.items():
            if name not in entries:
                self._faults.append(f"{name}: missing ({what})")
                continue
            found = self._digest(name, entries[name])
            if found != digest:
                self._faults.append(f"{name}: altered ({what})")
            else:
                right += 1
        return right

    def _digest(self, name: str, entry: zipfile.ZipInfo) -> str:
        digest = hashlib.sha256()
        try:
            for block in self._blocks(entry):
                digest.update(block)
                self._bytes += len(block)
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError) as why:
            return f"unreadable: {why}"
        return digest.hexdigest()

    def _blocks(self, entry: zipfile.ZipInfo) -> Iterator[bytes]:
        """An entry's bytes, no more than it announces and no more than anybody exports."""
        if entry.file_size > MOST_FILE_BYTES:
            raise ValueError("implausibly large")
        with self._zip.open(entry) as file:
            while block := file.read(_BLOCK):
                yield block

    def _small(self, name: str, entries: Mapping[str, zipfile.ZipInfo]) -> bytes | None:
        """A tag file as a whole; None, and a fault, where there is none."""
        entry = entries.get(name)
        if entry is None or entry.file_size > MOST_TAG_BYTES:
            text = f"{name}: {'missing' if entry is None else 'implausibly large'}"
            if text not in self._faults:
                self._faults.append(text)
            return None
        try:
            return b"".join(self._blocks(entry))
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError):
            return b""


def _is_safe(name: str) -> bool:
    """Whether a name stays within the folder that it is unpacked to, on any system."""
    parts = name.split("/")
    return (
        bool(name)
        and "\\" not in name
        and ":" not in name
        and all(part not in ("", ".", "..") for part in parts)
        and not any(ord(c) < 32 for c in name)
    )
