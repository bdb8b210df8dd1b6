"""Large JSON bodies are weighed before they are parsed.

JSON is parsed on the event loop, where everybody waits: 100,000 vertices take about a second. No
use case takes nearly so many (a geometry has at most 5,000, a batch of readings 1,000), so that a
body with more lists and objects than `MOST_PARTS` is refused by counting brackets, in a
millisecond. Brackets in texts count too; nobody writes so many.
"""

from starlette.requests import Request

from api.errors import Problem, plain
from api.manners import messages

WEIGHED_FROM = 64 << 10
"""Bytes; smaller bodies are parsed at once."""
MOST_PARTS = 25_000


def is_heavy(request: Request) -> bool:
    """Whether a body is to be weighed: JSON that is large, or comes without its length."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not kind.endswith("json"):
        return False
    length = request.headers.get("content-length", "")
    if not length.isdigit():
        return "transfer-encoding" in request.headers
    return int(length) > WEIGHED_FROM


async def weighed(request: Request, largest: int) -> bytes | Problem:
    """The body, or why it is too much."""
    body = await messages.whole_body(request.receive, largest)
    if body is None:
        return too_large(largest)
    if body.count(b"[") + body.count(b"{") <= MOST_PARTS:
        return body
    return plain(
        422,
        f"more than {MOST_PARTS} lists and objects in one body",
        field="body",
        remedy="simplify the geometry (5000 vertices are the most), or send several smaller bodies",
    )


def too_large(largest: int) -> Problem:
    """The problem of a body that is larger than it may be."""
    return plain(
        413,
        f"a body of more than {largest} bytes",
        field="body",
        remedy="send less, or raise the limit (FLYONCE_BODY_MAX_KB)",
    )
