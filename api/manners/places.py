"""A place at the live views for each stream, held until the stream's end."""

from collections.abc import AsyncIterator

from fastapi import Request

from api.auth import Caller
from api.manners.limits import Limiter


async def live_place(request: Request, caller: Caller) -> AsyncIterator[None]:
    """Hold one of the caller's places while an answer streams.

    Raises:
        TooManyRequests: the caller holds all of its places.
    """
    limiter: Limiter = request.app.state.limiter
    with limiter.place(caller):
        yield
