"""Each request has a name: in its answer (X-Request-Id), in its problem (instance), in the log."""

import logging
import re
import secrets
from contextvars import ContextVar

_GIVEN = re.compile(r"[A-Za-z0-9._:-]{8,64}")
_NAME: ContextVar[str | None] = ContextVar("flyonce_request", default=None)


def begin(given: str | None) -> str:
    """Name the present request: as its sender named it, if that is a plain word, or anew."""
    name = given if given and _GIVEN.fullmatch(given) else secrets.token_hex(8)
    _NAME.set(name)
    return name


def current() -> str | None:
    """The name of the request that is being answered; None outside one."""
    return _NAME.get()


class Named(logging.Filter):
    """Puts the request's name at the end of every line that is logged while it is answered."""

    def filter(self, record: logging.LogRecord) -> bool:
        name = _NAME.get()
        if name is not None and "request=" not in str(record.msg):
            record.msg = f"{record.getMessage()} request={name}"
            record.args = ()
        return True
