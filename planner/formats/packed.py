"""Files within zip files, read without trusting them."""

import io
import zipfile
import zlib

from core.errors import InvalidInput

MOST_BYTES = 100_000_000
"""A member larger than this is no route and no area: a zip bomb."""


def names(content: bytes, where: str) -> list[str]:
    """The members of a zip file.

    Raises:
        InvalidInput: it is no zip file.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            return packed.namelist()
    except zipfile.BadZipFile as error:
        raise InvalidInput("it is no zip file", where=where, remedy="pack it again") from error


def member(content: bytes, name: str, where: str) -> bytes:
    """One member's content.

    Raises:
        InvalidInput: no zip file, no such member, damaged, or larger than any honest one.
    """
    if name not in names(content, where):
        raise InvalidInput(f"{name} is missing in it", where=where, remedy="pack it again")
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        size = packed.getinfo(name).file_size
        if size > MOST_BYTES:
            raise InvalidInput(f"{name} unpacks to {size} bytes", where=where, remedy="split it")
        try:
            return packed.read(name)
        except (zipfile.BadZipFile, zlib.error, RuntimeError) as error:
            raise InvalidInput(
                f"{name} cannot be unpacked: {error}", where=where, remedy="pack it again"
            ) from error
