"""Roles beyond the built-in ones, and who may give which."""

import re
from collections.abc import Iterable
from datetime import datetime

from core.errors import InvalidInput, NotAllowed, NotFound
from missions.access import ACTIONS, BUILT_IN, Principal
from missions.identity.records import CustomRole
from missions.store.protocol import Unit

_NAME = re.compile(r"[a-z][a-z0-9-]{1,39}")
_CITY_ONLY = frozenset({"fly", "file", "configure", "audit", "rehearse", "administer"})
"""Actions that concern every department: they come with seeing the city."""


def permissions_of(unit: Unit, role: str) -> frozenset[str]:
    """What a role may do; nothing for one that is not there any more."""
    if role in BUILT_IN:
        return BUILT_IN[role]
    return frozenset(unit.roles.get(role).permissions) if unit.roles.exists(role) else frozenset()


def known(unit: Unit, role: str) -> frozenset[str]:
    """What a role may do.

    Raises:
        InvalidInput: there is no such role.
    """
    if role not in BUILT_IN and not unit.roles.exists(role):
        names = [*BUILT_IN, *(r.id for r in unit.roles.find())]
        raise InvalidInput(
            f"no role {role[:80]!r}", where="role", remedy="one of " + ", ".join(names)
        )
    return permissions_of(unit, role)


def checked(permissions: Iterable[str]) -> tuple[str, ...]:
    """Permissions in the order of `ACTIONS`.

    Raises:
        InvalidInput: one is not known, or needs "city" and comes without.
    """
    wanted = frozenset(permissions)
    if strange := sorted(wanted - ACTIONS.keys()):
        raise InvalidInput(
            f"no permission {strange[0][:80]!r}",
            where="permissions",
            remedy="choose among " + ", ".join(ACTIONS),
        )
    alone = sorted(wanted & _CITY_ONLY)
    if alone and "city" not in wanted:
        raise InvalidInput(
            f"{alone[0]} concerns every department",
            where="permissions",
            remedy="add city, or leave it out",
        )
    return tuple(action for action in ACTIONS if action in wanted)


def new_role(
    unit: Unit, p: Principal, name: str, title: str, title_zh: str, permissions: Iterable[str],
    at: datetime,
) -> CustomRole:  # fmt: skip
    """A role that an administrator makes; it is not stored yet.

    Raises:
        InvalidInput: a name that is taken or none, or permissions that do not exist.
        NotAllowed: the caller lacks one of the permissions.
    """
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            "no name of a role", where="name", remedy="2 to 40 of a-z, 0-9 and -, a letter first"
        )
    if name in BUILT_IN or unit.roles.exists(name):
        raise InvalidInput(
            f"there is a role {name} already", where="name", remedy="choose another name"
        )
    chosen = checked(permissions)
    may_permit(p, chosen)
    return CustomRole(
        id=name, title=title, title_zh=title_zh, permissions=chosen, made_at=at, made_by=p.name
    )


def may_permit(p: Principal, permissions: Iterable[str]) -> None:
    """Nobody permits what they may not do themselves.

    Raises:
        NotAllowed: the caller lacks one of the permissions.
    """
    if missing := sorted(frozenset(permissions) - p.permissions):
        raise NotAllowed(
            f"you may not {missing[0]} and so cannot permit it, nor manage those who may",
            where="permissions",
            remedy="ask an administrator who may",
        )


def may_give(
    p: Principal,
    permissions: Iterable[str],
    department: str | None,
    counties: Iterable[str] | None,
) -> None:
    """Nobody gives rights that reach further than their own.

    Args:
        department, counties: that the rights are for; None for all of them.

    Raises:
        NotAllowed: the caller lacks one of the permissions, or does not reach so far.
    """
    may_permit(p, permissions)
    if not p.city_wide and department != p.department:
        raise NotAllowed(
            "you act for one department and cannot give rights in others", where="department"
        )
    if p.counties is not None and (counties is None or not frozenset(counties) <= p.counties):
        raise NotAllowed(
            "you act for some counties and cannot give rights in others",
            where="counties",
            remedy="name counties among " + ", ".join(sorted(p.counties)),
        )


def in_use(unit: Unit, role: str) -> str | None:
    """The name of an account or key that has a role; None where nobody does."""
    for account in unit.accounts.find(role=role):
        if account.disabled_at is None:
            return account.name
    good = (k for k in unit.tokens.find() if k.role == role and k.revoked_at is None)
    return next((key.name for key in good), None)


def custom(unit: Unit, name: str) -> CustomRole:
    """A custom role.

    Raises:
        NotAllowed: it is a built-in one, which nobody changes.
        NotFound: there is none.
    """
    if name in BUILT_IN:
        raise NotAllowed(f"{name} is a built-in role", where=name, remedy="make a role of your own")
    if not unit.roles.exists(name):
        raise NotFound("no such role", where=name)
    return unit.roles.get(name)
