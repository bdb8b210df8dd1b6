"""Who is calling: the principal of a bearer token, or the local operator on this machine."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends
from fastapi.requests import HTTPConnection

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
    principal = service.principal(token)
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


def _permitted(action: str) -> Callable[[Principal], Awaitable[Principal]]:
    async def check(caller: Caller) -> Principal:
        caller.require(action)
        return caller

    return check


async def _sees_all(caller: Caller) -> Principal:
    if not caller.sees_all:
        caller.require("administer")
    return caller


Flyer = Annotated[Principal, Depends(_permitted("fly"))]
Requester = Annotated[Principal, Depends(_permitted("request"))]
Officer = Annotated[Principal, Depends(_permitted("decide"))]
Administrator = Annotated[Principal, Depends(_permitted("administer"))]
Deliverer = Annotated[Principal, Depends(_permitted("deliver"))]
Filer = Annotated[Principal, Depends(_permitted("file"))]
CityWide = Annotated[Principal, Depends(_sees_all)]
