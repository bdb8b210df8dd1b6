"""Identifiers: short, sortable by time, readable in a log."""

import itertools
import os
import threading
from datetime import datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32: no i, l, o, u
_counter = itertools.count(int.from_bytes(os.urandom(2), "big"))
_lock = threading.Lock()


def new_id(prefix: str, now: datetime) -> str:
    """A new identifier such as ``flt-0mt3v2k9q-4f7a1c``.

    The middle part is the time in milliseconds, so that identifiers sort by age; the last part
    is a counter and a random number, so that two processes never make the same one.
    """
    with _lock:
        serial = next(_counter) % 32**3
    random = int.from_bytes(os.urandom(3), "big") % 32**3
    millis = int(now.timestamp() * 1000)
    return f"{prefix}-{_encode(millis, 9)}-{_encode(serial, 3)}{_encode(random, 3)}"


def _encode(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, rest = divmod(number, 32)
        digits.append(_ALPHABET[rest])
    return "".join(reversed(digits))
