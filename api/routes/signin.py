"""Signing in and out, one's own sessions and password."""

from fastapi import APIRouter, Request, Response

from api.auth import Caller, Public, ServiceOf, SettingsOf, address_of, is_local_operator
from api.errors import problems
from api.routes.parameters import Id
from api.schemas import identity as schemas
from api.schemas.base import Items

router = APIRouter(tags=["access"])

NO_STORE = {"Cache-Control": "no-store"}
"""On every answer that holds a secret: neither browsers nor the idempotency store keep it."""


@router.get("/sign-in", summary="How one signs in", dependencies=[Public])
def ways(request: Request, service: ServiceOf, settings: SettingsOf) -> schemas.SignInWays:
    """Needs no token."""
    provider = service.identity.provider
    return schemas.SignInWays(
        required=not is_local_operator(request, settings),
        provider=None if provider is None else provider.name,
    )


@router.post(
    "/sign-in",
    summary="Sign in with name and password",
    dependencies=[Public],
    responses=problems(429, 503),
)
async def sign_in(
    request: Request, response: Response, service: ServiceOf, body: schemas.SignInIn
) -> schemas.TokensOut:
    """Tokens for 15 minutes, to be refreshed. Wrong names and wrong passwords get the same answer;
    after three failures of a name, or twenty from an address, one waits ever longer (429)."""
    response.headers.update(NO_STORE)
    identity = service.identity
    tokens = await identity.sessions.sign_in(
        body.name,
        body.password,
        address=address_of(request),
        agent=request.headers.get("user-agent", ""),
    )
    return schemas.TokensOut.of(tokens, identity.book.now())


@router.post(
    "/sign-in/refresh",
    summary="New tokens for a refresh token",
    dependencies=[Public],
    responses=problems(),
)
def refresh(response: Response, service: ServiceOf, body: schemas.RefreshIn) -> schemas.TokensOut:
    """A refresh token is good once. Shown a second time it ends the session that it came from:
    one of the two who have it stole it."""
    response.headers.update(NO_STORE)
    tokens = service.identity.sessions.refresh(body.refresh_token)
    return schemas.TokensOut.of(tokens, service.identity.book.now())


@router.post("/sign-out", summary="End this session", status_code=204, responses=problems())
def sign_out(service: ServiceOf, caller: Caller) -> None:
    """Its tokens are worth nothing from then on, and its open streams end. Keys have no session:
    see DELETE /keys/{id}."""
    service.identity.sessions.sign_out(caller)


@router.get("/me", summary="Who the caller is, and what it may do", responses=problems())
def me(service: ServiceOf, caller: Caller) -> schemas.Me:
    """Role, department and counties come from the token alone."""
    account = service.identity.accounts.get(caller, caller.id) if caller.session else None
    return schemas.Me.of(caller, account)


@router.patch("/me", summary="Choose another password", responses=problems(403, 429))
async def change_me(service: ServiceOf, caller: Caller, body: schemas.MeIn) -> schemas.Me:
    """Ends the account's other sessions. Who was given a password may do nothing before this."""
    identity = service.identity
    account = await identity.accounts.choose_password(caller, body.old_password, body.password)
    return schemas.Me.of(identity.principal_of(account, caller.session), account)


@router.get("/me/sessions", summary="One's open sessions", responses=problems())
def sessions(service: ServiceOf, caller: Caller) -> Items[schemas.SessionOut]:
    """The latest first; none for keys and for the person at this machine."""
    found = service.identity.sessions.listed(caller, caller.id) if caller.session else ()
    return Items(items=[schemas.SessionOut.of(session, caller) for session in found])


@router.delete("/sessions/{id}", summary="End a session", status_code=204, responses=problems(404))
def end_session(service: ServiceOf, caller: Caller, id: Id) -> None:
    """One's own, or with the permission `administer` another's."""
    service.identity.sessions.end(caller, id)
