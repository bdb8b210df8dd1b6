"""Signing in by the city's identity provider (OpenID Connect): there, back, and tokens."""

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from api.auth import Public, ServiceOf, address_of
from api.errors import problems
from api.routes.signin import NO_STORE
from api.schemas import identity as schemas
from core.errors import NotAllowed, NotFound, Unavailable
from missions.identity.desk import Identity
from missions.identity.provider import Provider

router = APIRouter(tags=["access"], prefix="/sign-in/provider")

_COOKIE = "flyonce_sign_in"
_PATH = "/api/v1/sign-in/provider"
_REDIRECT: dict[int | str, dict[str, Any]] = {
    303: {"description": "The browser goes on elsewhere."}
}


@router.get(
    "",
    summary="Go to the identity provider",
    dependencies=[Public],
    status_code=303,
    response_class=Response,
    responses=problems(404, 503) | _REDIRECT,
)
async def go(request: Request, service: ServiceOf) -> Response:
    """For browsers: sends them to the provider, from where they come back here and nowhere else."""
    address, state = await _provider(service.identity).begin()
    answer = RedirectResponse(address, 303, NO_STORE)
    answer.set_cookie(
        _COOKIE,
        state,
        max_age=600,
        path=_PATH,
        httponly=True,
        secure=request.url.scheme == "https",
        samesite="lax",
    )
    return answer


@router.get(
    "/back",
    summary="Come back from the identity provider",
    dependencies=[Public],
    status_code=303,
    response_class=Response,
    responses=problems(404) | _REDIRECT,
)
async def back(request: Request, service: ServiceOf) -> Response:
    """The provider sends the browser here; it goes on to the console with a code that is good once,
    or with the reason why not."""
    identity = service.identity
    provider = _provider(identity)
    try:
        given = dict(request.query_params)
        person = await provider.finish(given, request.cookies.get(_COOKIE))
        name, wish = provider.mapped.wish(person.claims)
        account = identity.accounts.provided(person.subject, name, wish)
        where = f"/#code={quote(provider.leave(account.id))}"
    except (NotAllowed, Unavailable) as why:
        identity.sessions.refused(address_of(request), "the identity provider")
        where = f"/#refused={quote(why.what)}"
    answer = RedirectResponse(where, 303, NO_STORE)
    answer.delete_cookie(_COOKIE, path=_PATH)
    return answer


@router.post(
    "/tokens",
    summary="Tokens for the code of a provider's sign-in",
    dependencies=[Public],
    responses=problems(404),
)
def tokens(
    request: Request, response: Response, service: ServiceOf, body: schemas.CodeIn
) -> schemas.TokensOut:
    """The code came with the address of the console; it is good once, for a minute."""
    response.headers.update(NO_STORE)
    identity = service.identity
    account_id = _provider(identity).take(body.code)
    agent = request.headers.get("user-agent", "")
    begun = identity.sessions.begin(
        account_id, how="oidc", address=address_of(request), agent=agent
    )
    return schemas.TokensOut.of(begun, identity.book.now())


def _provider(identity: Identity) -> Provider:
    if identity.provider is None:
        raise NotFound(
            "no identity provider is set",
            where="provider",
            remedy="set FLYONCE_OIDC_ISSUER (docs/access.md), or sign in with a password",
        )
    return identity.provider
