"""HTTP Basic for map programs: an API key as the password, where maps are read and nowhere else.

QGIS, GDAL and ArcGIS can all send a user and a password, not all of them a header of their own.
Browsers send a remembered password with every request, whoever made the page; so that nobody can
act by it, only these addresses take it, and they only read.
"""

import base64
import binascii

from fastapi.requests import HTTPConnection

_SCHEME = "basic "
_READS = frozenset({"GET", "HEAD"})
_PLACES = ("/api/v1/ogc", "/api/v1/stac")


def basic_key(connection: HTTPConnection) -> str | None:
    """The password of a Basic Authorization header, at addresses that take it; None otherwise."""
    header = connection.headers.get("authorization", "")
    if not header.lower().startswith(_SCHEME) or not _takes_it(connection):
        return None
    try:
        text = base64.b64decode(header[len(_SCHEME) :].strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return text.partition(":")[2].strip() or None


def _takes_it(connection: HTTPConnection) -> bool:
    scope = connection.scope
    path = scope["path"]
    return scope.get("method") in _READS and any(
        path == place or path.startswith(f"{place}/") for place in _PLACES
    )
