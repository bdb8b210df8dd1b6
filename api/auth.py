"""Who is calling: the principal of a bearer token, or the local operator on this machine."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Annotated, Any

from fastapi import Depends
from fastapi.requests import HTTPConnection

from api.basic import basic_key
from api.errors import Unauthenticated
from api.manners.calling import remembered
from api.settings import Settings, is_loopback
from missions.access import LOCAL_OPERATOR, Principal
from missions.service import Service

_SCHEME = "bearer "


async def get_service(connection: HTTPConnection) -> Service:
    """The use cases that the application was made with."""
    service: Service = connection.app.state.service
    return service


async def get_settings(connection: HTTPConnection) -> Settings:
    """The settings that the application was made with."""
    settings: Settings = connection.app.state.settings
    return settings


ServiceOf = Annotated[Service, Depends(get_service)]
SettingsOf = Annotated[Settings, Depends(get_settings)]


def token_of(connection: HTTPConnection) -> str | None:
    """The bearer token of the Authorization header, if there is one.

    Raises:
        Unauthenticated: the header holds something else.
    """
    header = connection.headers.get("authorization")
    if header is None:
        return None
    if (key := basic_key(connection)) is not None:
        return key
    if not header.lower().startswith(_SCHEME) or not header[len(_SCHEME) :].strip():
        raise Unauthenticated(
            "the Authorization header holds no bearer token",
            where="Authorization",
            remedy="send 'Authorization: Bearer TOKEN'",
        )
    return header[len(_SCHEME) :].strip()


def is_local_operator(connection: HTTPConnection, settings: Settings) -> bool:
    """Whether a caller without a token may be taken for the person at this machine.

    A proxy on this machine speaks for others: what it forwards is never local.
    """
    if settings.require_sign_in or not settings.on_loopback:
        return False
    if "x-forwarded-for" in connection.headers or "forwarded" in connection.headers:
        return False
    return connection.client is not None and is_loopback(connection.client.host)


def address_of(connection: HTTPConnection) -> str:
    """Where a caller is, as its connection tells; what headers say of it proves nothing."""
    return "" if connection.client is None else connection.client.host


def identify(
    connection: HTTPConnection, service: Service, settings: Settings, token: str | None
) -> Principal:
    """The principal of a token, or the local operator where none is needed.

    Raises:
        Unauthenticated: the token is not known, or one is needed.
    """
    if token is None:
        if is_local_operator(connection, settings):
            return LOCAL_OPERATOR
        raise Unauthenticated(
            "sign in first",
            where="Authorization",
            remedy="send 'Authorization: Bearer TOKEN'; 'flyonce token create' makes a token",
        )
    principal = service.principal(token, address_of(connection))
    if principal is None:
        raise Unauthenticated(
            "this token is not known, or no longer good",
            where="Authorization",
            remedy="ask an administrator for a new one ('flyonce token create')",
        )
    return principal


async def get_principal(
    connection: HTTPConnection, service: ServiceOf, settings: SettingsOf
) -> Principal:
    """The caller of this request; found out once, by whoever asks first."""
    known = remembered(connection)
    if known is not None:
        return known
    return identify(connection, service, settings, token_of(connection))


Caller = Annotated[Principal, Depends(get_principal)]


SEE = "see"
"""The action of routes that everybody who is signed in may use, each within what they see."""
PUBLIC = "public"
"""The action of routes that need no token."""


def _tagged(action: str, check: Any) -> Any:
    """Tell of a dependency which action it asks for: `action_of` reads it."""
    check.action = action
    return check


def _permitted(action: str) -> Callable[[Principal], Awaitable[Principal]]:
    async def check(caller: Caller) -> Principal:
        caller.require(action)
        return caller

    tagged: Callable[[Principal], Awaitable[Principal]] = _tagged(action, check)
    return tagged


async def _sees_all(caller: Caller) -> Principal:
    caller.require_city()
    return caller


async def _public() -> None:
    """Needs nothing."""


_tagged(SEE, get_principal)
_tagged("city", _sees_all)
_tagged(PUBLIC, _public)

Flyer = Annotated[Principal, Depends(_permitted("fly"))]
Requester = Annotated[Principal, Depends(_permitted("request"))]
Officer = Annotated[Principal, Depends(_permitted("decide"))]
Administrator = Annotated[Principal, Depends(_permitted("administer"))]
Deliverer = Annotated[Principal, Depends(_permitted("deliver"))]
Filer = Annotated[Principal, Depends(_permitted("file"))]
Signaller = Annotated[Principal, Depends(_permitted("signal"))]
Configurer = Annotated[Principal, Depends(_permitted("configure"))]
Auditor = Annotated[Principal, Depends(_permitted("audit"))]
Rehearser = Annotated[Principal, Depends(_permitted("rehearse"))]
CityWide = Annotated[Principal, Depends(_sees_all)]
"""For every department's things; those of county-limited callers are still to be chosen."""
Public = Depends(_public)
"""Among a route's `dependencies`: it is meant to need no token."""


def action_of(route: Any) -> str | None:
    """Which action a route asks for: one of `missions.access.ACTIONS`, `SEE` or `PUBLIC`; None for
    a route that nobody has thought about."""
    found = [getattr(d.call, "action", None) for d in _dependants(route.dependant)]
    named = [action for action in found if action is not None]
    narrow = [action for action in named if action not in (SEE, PUBLIC)]
    return narrow[0] if narrow else SEE if SEE in named else PUBLIC if PUBLIC in named else None


def _dependants(dependant: Any) -> Iterator[Any]:
    for inner in dependant.dependencies:
        yield inner
        yield from _dependants(inner)
