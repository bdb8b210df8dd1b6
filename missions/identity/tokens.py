"""API keys as tokens: shown once, kept as a hash, naming a principal.

A token is 256 random bits, so a plain SHA-256 is enough to keep it (passwords need more). Tokens
live in the computer's own time: a simulated day does not age them.
"""

import ipaddress
from dataclasses import replace
from datetime import datetime

from core.clock import Clock, SystemClock
from core.errors import InvalidInput
from missions.access import Principal, Role, Territory
from missions.identity import roles
from missions.identity.book import bump
from missions.identity.names import KEY, digest, opaque
from missions.store.protocol import Unit
from missions.store.records import TokenRecord


def make(
    unit: Unit,
    principal: Principal,
    *,
    clock: Clock | None = None,
    expires_at: datetime | None = None,
    addresses: tuple[str, ...] = (),
    made_by: str = "",
) -> str:
    """A new token for a principal; this is the only time that it can be read.

    Args:
        expires_at: from when it is no longer good; None for as long as it is not revoked.
        addresses: networks such as 10.1.0.0/16 that it may come from; none for any.

    Raises:
        InvalidInput: a principal that belongs to a department, without one.
    """
    if principal.role == Role.MEMBER and principal.department is None:
        raise InvalidInput(
            "a member needs a department", where=principal.name, remedy="name the department"
        )
    token = opaque(KEY)
    narrowed = principal.permissions != roles.permissions_of(unit, principal.role)
    unit.tokens.add(
        TokenRecord(
            id=digest(token),
            name=principal.name,
            role=str(principal.role),
            department=None if principal.city_wide else principal.department,
            made_at=(clock or SystemClock()).now(),
            counties=None if principal.counties is None else tuple(sorted(principal.counties)),
            permissions=tuple(sorted(principal.permissions)) if narrowed else None,
            expires_at=expires_at,
            addresses=addresses,
            made_by=made_by,
        )
    )
    return token


def resolve(
    unit: Unit,
    token: str,
    *,
    at: datetime | None = None,
    address: str | None = None,
    territory: Territory | None = None,
) -> Principal | None:
    """Who a token names; None for one that is unknown, revoked, expired, or from elsewhere."""
    if not token.startswith(KEY) or not unit.tokens.exists(digest(token)):
        return None
    record = unit.tokens.get(digest(token))
    if not is_good(record, at or SystemClock().now()) or not comes_from(record, address):
        return None
    return principal_of(unit, record, territory)


def is_good(record: TokenRecord, at: datetime) -> bool:
    """Whether a key is neither revoked nor expired."""
    return record.revoked_at is None and (record.expires_at is None or at < record.expires_at)


def comes_from(record: TokenRecord, address: str | None) -> bool:
    """Whether a caller's address is one that the key may be used from."""
    if not record.addresses:
        return True
    try:
        caller = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    mapped = getattr(caller, "ipv4_mapped", None)
    return any((mapped or caller) in ipaddress.ip_network(net) for net in record.addresses)


def principal_of(unit: Unit, record: TokenRecord, territory: Territory | None = None) -> Principal:
    """The principal that a key names; a role that lost a right takes it from its keys too."""
    allowed = roles.permissions_of(unit, record.role)
    if record.permissions is not None:
        allowed &= frozenset(record.permissions)
    return Principal(
        name=record.name,
        role=record.role,
        department=record.department,
        counties=None if record.counties is None else frozenset(record.counties),
        permissions=allowed,
        id=record.id,
        territory=territory,
    )


def revoke(unit: Unit, name: str, *, clock: Clock | None = None) -> int:
    """End every token of a name at once; says how many there were."""
    now = (clock or SystemClock()).now()
    good = [record for record in unit.tokens.find(name=name) if record.revoked_at is None]
    for record in good:
        unit.tokens.put(replace(record, revoked_at=now))
    if good:
        bump(unit)
    return len(good)


def used(record: TokenRecord, at: datetime) -> TokenRecord:
    """The record of a key that was used."""
    return replace(record, last_used_at=at)
