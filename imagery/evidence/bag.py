"""Writes bundles in BagIt 1.0 layout (RFC 8493) into a zip file, streamed, and signed.

Files go in as they come, in blocks; only their names and digests are remembered. The bag's tag
manifest covers its manifest, which covers every file; the signature is over the tag manifest.
"""

import hashlib
import zipfile
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import IO

from imagery.evidence.signature import Signer

DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MANIFEST, TAG_MANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"
SIGNATURE, PUBLIC_KEY = "tagmanifest-sha256.txt.sig", "signing-key.pem"
_EARLIEST = 1980
"""The first year that a zip file's times can tell."""


class Bag:
    """A bag that is being written; a context manager. Without `finish` it holds no manifest, so
    that nobody takes it for a whole one.

    Args:
        file: where the zip goes; it need not be seekable.
        name: of the folder in the zip that everything is in.
        at: time of every file in the zip.
    """

    def __init__(self, file: IO[bytes], name: str, at: datetime) -> None:
        self._zip = zipfile.ZipFile(file, "w", allowZip64=True)
        self._name = name
        self._date = (max(at.year, _EARLIEST), at.month, at.day, at.hour, at.minute, at.second)
        self._payload: dict[str, str] = {}
        self._tags: dict[str, str] = {}
        self._octets = 0
        self._write("bagit.txt", (DECLARATION.encode(),), self._tags, zipfile.ZIP_DEFLATED)

    def __enter__(self) -> "Bag":
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def add(self, path: str, blocks: Iterable[bytes], *, packed: bool = False) -> str:
        """Write a file of the payload; returns its SHA-256.

        Args:
            path: below ``data/``.
            packed: compress it; photographs are compressed already.
        """
        method = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        digest, size = self._write(f"data/{path}", blocks, self._payload, method)
        self._octets += size
        return digest

    def tag(self, name: str, text: str) -> None:
        """Write a file about the bag, beside the payload."""
        self._write(name, (text.encode(),), self._tags, zipfile.ZIP_DEFLATED)

    def finish(self, info: Mapping[str, str], signer: Signer) -> str:
        """Write manifests and signature; returns the SHA-256 of the tag manifest."""
        oxum = {"Payload-Oxum": f"{self._octets}.{len(self._payload)}"}
        lines = (f"{k}: {' '.join(v.split())}\n" for k, v in {**info, **oxum}.items() if v.strip())
        self.tag("bag-info.txt", "".join(lines))
        self.tag(PUBLIC_KEY, signer.public_pem)
        self.tag(MANIFEST, _lines(self._payload))
        last = _lines(self._tags).encode()
        digest, _ = self._write(TAG_MANIFEST, (last,), {}, zipfile.ZIP_DEFLATED)
        self._write(SIGNATURE, (signer.sign(last),), {}, zipfile.ZIP_STORED)
        return digest

    def _write(
        self, name: str, blocks: Iterable[bytes], into: dict[str, str], method: int
    ) -> tuple[str, int]:
        entry = zipfile.ZipInfo(f"{self._name}/{name}", self._date)
        entry.compress_type = method
        entry.external_attr = 0o444 << 16
        digest, size = hashlib.sha256(), 0
        with self._zip.open(entry, "w", force_zip64=True) as out:
            for block in blocks:
                out.write(block)
                digest.update(block)
                size += len(block)
        into[name] = digest.hexdigest()
        return into[name], size


def _lines(digests: Mapping[str, str]) -> str:
    """A manifest as RFC 8493 writes it and `sha256sum -c` reads it."""
    return "".join(f"{digest}  {name}\n" for name, digest in digests.items())
