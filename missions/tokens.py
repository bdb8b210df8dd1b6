"""API tokens: shown once, kept as a hash, naming a principal.

A token is 256 random bits, so a plain SHA-256 is enough to keep it (passwords would need more).
Tokens live in the computer's own time: a simulated day does not age them.
"""

import hashlib
import secrets
from dataclasses import replace

from core.clock import Clock, SystemClock
from core.errors import InvalidInput
from missions.access import Principal, Role
from missions.store.protocol import Unit
from missions.store.records import TokenRecord

_PREFIX = "fo_"
_CITY_WIDE = frozenset({Role.ADMINISTRATOR, Role.DISPATCHER, Role.PILOT, Role.AUDITOR})


def make(unit: Unit, principal: Principal, *, clock: Clock | None = None) -> str:
    """A new token for a principal; this is the only time that it can be read.

    Raises:
        InvalidInput: a department's member without a department.
    """
    if principal.role is Role.MEMBER and principal.department is None:
        raise InvalidInput(
            "a member needs a department", where=principal.name, remedy="name the department"
        )
    token = _PREFIX + secrets.token_urlsafe(32)
    unit.tokens.add(
        TokenRecord(
            id=_digest(token),
            name=principal.name,
            role=principal.role,
            department=None if principal.role in _CITY_WIDE else principal.department,
            made_at=(clock or SystemClock()).now(),
        )
    )
    return token


def resolve(unit: Unit, token: str) -> Principal | None:
    """Who a token names; None for an unknown or revoked one."""
    digest = _digest(token)
    if not token.startswith(_PREFIX) or not unit.tokens.exists(digest):
        return None
    record = unit.tokens.get(digest)
    if record.revoked_at is not None:
        return None
    return Principal(name=record.name, role=Role(record.role), department=record.department)


def revoke(unit: Unit, name: str, *, clock: Clock | None = None) -> int:
    """End every token of a name at once; says how many there were."""
    now = (clock or SystemClock()).now()
    good = [record for record in unit.tokens.find(name=name) if record.revoked_at is None]
    for record in good:
        unit.tokens.put(replace(record, revoked_at=now))
    return len(good)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
