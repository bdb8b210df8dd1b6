"""Who is calling, found out once for each request."""

from fastapi.requests import HTTPConnection
from starlette.types import Scope

from missions.access import Principal

_KEY = "flyonce.caller"


def remember(scope: Scope, principal: Principal) -> None:
    """Keep who was found for whoever asks again in this request."""
    scope[_KEY] = principal


def remembered(connection: HTTPConnection) -> Principal | None:
    """Who was found; None while nobody has looked, or nobody was found."""
    return connection.scope.get(_KEY)
