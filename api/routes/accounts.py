"""Accounts, keys and roles: for who may administer."""

from fastapi import APIRouter, Response

from api.auth import Administrator, Caller, ServiceOf
from api.errors import problems
from api.routes.parameters import After, Id, Limit
from api.routes.signin import NO_STORE
from api.schemas import identity as schemas
from api.schemas.base import Items, PageOf
from missions.access import ACTIONS, BUILT_IN
from missions.identity.accounts import Wish
from missions.identity.keys import KeyWish

router = APIRouter(tags=["access"])


@router.get("/accounts", summary="Accounts", responses=problems(403))
def accounts(
    service: ServiceOf,
    caller: Administrator,
    role: str | None = None,
    after: After = None,
    limit: Limit = 100,
) -> PageOf[schemas.AccountOut]:
    """The oldest first, those that are disabled among them."""
    page = service.identity.accounts.listed(caller, role=role, after=after, limit=limit)
    return PageOf.of(page.items, page.next, schemas.AccountOut.of)


@router.post("/accounts", summary="Make an account", status_code=201, responses=problems(403))
def make_account(
    service: ServiceOf, caller: Administrator, response: Response, body: schemas.AccountIn
) -> schemas.AccountMade:
    """The password serves for the first sign-in, where its owner chooses another. Nobody gives
    rights that reach further than their own."""
    response.headers.update(NO_STORE)
    wish = Wish(
        display=body.display, role=body.role, department=body.department, counties=body.counties
    )
    made, password = service.identity.accounts.create(caller, body.name, wish, body.password)
    return schemas.AccountMade(account=schemas.AccountOut.of(made), password=password)


@router.get("/accounts/{id}", summary="One account", responses=problems(403, 404))
def account(service: ServiceOf, caller: Administrator, id: Id) -> schemas.AccountOut:
    """By its id."""
    return schemas.AccountOut.of(service.identity.accounts.get(caller, id))


@router.patch("/accounts/{id}", summary="Change an account", responses=problems(403, 404, 409))
def change_account(
    service: ServiceOf, caller: Administrator, id: Id, body: schemas.AccountPatch
) -> schemas.AccountOut:
    """Takes effect at once, on open streams too. The last administrator stays one (409)."""
    given = {name: getattr(body, name) for name in body.model_fields_set}
    return schemas.AccountOut.of(service.identity.accounts.change(caller, id, Wish(**given)))


@router.delete("/accounts/{id}", summary="Disable an account", responses=problems(403, 404, 409))
def disable_account(service: ServiceOf, caller: Administrator, id: Id) -> schemas.AccountOut:
    """It stays in the list, because the trail names it, and can be made good again with PATCH."""
    found = service.identity.accounts.change(caller, id, Wish(disabled=True))
    return schemas.AccountOut.of(found)


@router.post(
    "/accounts/{id}/password", summary="Give a new password", responses=problems(403, 404, 409)
)
def reset_password(
    service: ServiceOf, caller: Administrator, response: Response, id: Id
) -> schemas.AccountMade:
    """A random one, shown this once, to be changed at the next sign-in; ends every session."""
    response.headers.update(NO_STORE)
    found, password = service.identity.accounts.reset(caller, id)
    return schemas.AccountMade(account=schemas.AccountOut.of(found), password=password)


@router.get("/accounts/{id}/sessions", summary="An account's sessions", responses=problems(403))
def sessions_of(service: ServiceOf, caller: Administrator, id: Id) -> Items[schemas.SessionOut]:
    """Those that are open; DELETE /sessions/{id} ends one."""
    found = service.identity.sessions.listed(caller, id)
    return Items(items=[schemas.SessionOut.of(session, caller) for session in found])


@router.get("/keys", summary="API keys", responses=problems(403))
def keys(service: ServiceOf, caller: Administrator, ended: bool = False) -> Items[schemas.KeyOut]:
    """Those that are good; with `ended` also those that are not any more."""
    found = service.identity.keys.listed(caller, all_=ended)
    return Items(items=[schemas.KeyOut.of(record) for record in found])


@router.post("/keys", summary="Make a key", status_code=201, responses=problems(403))
def make_key(
    service: ServiceOf, caller: Administrator, response: Response, body: schemas.KeyIn
) -> schemas.KeyMade:
    """The key is shown this once. It may do what its role may, or less."""
    response.headers.update(NO_STORE)
    record, key = service.identity.keys.create(caller, KeyWish(**body.model_dump()))
    return schemas.KeyMade(key=key, record=schemas.KeyOut.of(record))


@router.get("/keys/{id}", summary="One key", responses=problems(403, 404))
def key(service: ServiceOf, caller: Administrator, id: Id) -> schemas.KeyOut:
    """When it was used last, among others."""
    return schemas.KeyOut.of(service.identity.keys.get(caller, id))


@router.patch("/keys/{id}", summary="Change a key", responses=problems(403, 404))
def change_key(
    service: ServiceOf, caller: Administrator, id: Id, body: schemas.KeyPatch
) -> schemas.KeyOut:
    """Its end, or the networks it may be used from."""
    found = service.identity.keys.change(
        caller, id, expires_at=body.expires_at, addresses=body.addresses
    )
    return schemas.KeyOut.of(found)


@router.delete("/keys/{id}", summary="End a key", responses=problems(403, 404))
def revoke_key(service: ServiceOf, caller: Administrator, id: Id) -> schemas.KeyOut:
    """At once, on open streams too."""
    return schemas.KeyOut.of(service.identity.keys.revoke(caller, id))


@router.get("/roles", summary="Roles and what they may do", responses=problems())
def roles(service: ServiceOf, _caller: Caller) -> schemas.RolesOut:
    """The built-in ones first, then those that administrators made."""
    listed = service.identity.roles.listed()
    items = [
        schemas.RoleOut(name=name, permissions=list(may), built_in=True)
        for name, may in listed.items()
        if name in BUILT_IN
    ]
    items += [schemas.RoleOut.of(role) for role in service.identity.roles.custom()]
    return schemas.RolesOut(items=items, actions=dict(ACTIONS))


@router.post("/roles", summary="Make a role", status_code=201, responses=problems(403))
def make_role(service: ServiceOf, caller: Administrator, body: schemas.RoleIn) -> schemas.RoleOut:
    """Nobody permits what they may not do themselves."""
    made = service.identity.roles.create(
        caller, body.name, body.permissions, title=body.title, title_zh=body.title_zh
    )
    return schemas.RoleOut.of(made)


@router.patch("/roles/{id}", summary="Change a role", responses=problems(403, 404, 409))
def change_role(
    service: ServiceOf, caller: Administrator, id: Id, body: schemas.RolePatch
) -> schemas.RoleOut:
    """For everybody who has it, at once."""
    made = service.identity.roles.change(
        caller, id, permissions=body.permissions, title=body.title, title_zh=body.title_zh
    )
    return schemas.RoleOut.of(made)


@router.delete(
    "/roles/{id}", summary="Take a role away", status_code=204, responses=problems(403, 404, 409)
)
def delete_role(service: ServiceOf, caller: Administrator, id: Id) -> None:
    """One that nobody has (409 names who does)."""
    service.identity.roles.delete(caller, id)
