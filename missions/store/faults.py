"""What a database's complaint means, and what to do about it."""

from sqlalchemy.exc import DataError, DBAPIError

from core.errors import FlyOnceError, InvalidInput, Unavailable

_MEANINGS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("disk is full", "no space left", "could not extend file"),
        "the disk is full; nothing of this step was stored",
        "free some space and try again",
    ),
    (
        ("not a database", "malformed", "disk image", "file is encrypted"),
        "the database file is damaged, or is no database",
        "restore it from a backup, or move it away to start anew",
    ),
    (
        ("locked", "lock timeout"),
        "another program holds the database",
        "close the other program, or wait until it is done",
    ),
    (
        ("readonly", "read-only", "permission denied"),
        "the database may not be written",
        "give this user the right to write the file and its folder",
    ),
    (
        ("unable to open",),
        "the database file cannot be opened",
        "make sure that its folder exists and may be written",
    ),
    (
        ("too many clients", "connection slots"),
        "the database server takes no more connections",
        "close other programs' connections, or raise its max_connections (a service uses 64)",
    ),
    (
        ("does not exist", "authentication failed"),
        "the database server has no such database or user",
        "create it, or correct name and password in the URL",
    ),
    (
        (
            *("connection refused", "could not connect", "connection failed", "server closed"),
            *("terminating connection", "connection is closed", "connection is lost"),
            *(
                "connection is bad",
                "consuming input failed",
                "starting up",
                "shutting down",
                "recovery mode",
            ),
            *("connection timeout", "could not receive data", "no route to host"),
        ),
        "the database server does not answer",
        "start it, and check host, port and password in the URL; the service tries again by itself",
    ),
)


def store_fault(error: DBAPIError, where: str) -> FlyOnceError:
    """The named error for what a database driver raised."""
    message = str(error.orig)
    if isinstance(error, DataError):
        return InvalidInput(
            f"a value that no database takes: {message}", remedy="send plain text and numbers"
        )
    for signs, what, remedy in _MEANINGS:
        if any(sign in message.lower() for sign in signs):
            return Unavailable(what, where=where, remedy=remedy)
    return Unavailable(
        f"the database failed: {message}", where=where, remedy="see the service's log"
    )
