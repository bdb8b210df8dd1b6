"""Who may see and do what. Role, department and counties come from the token alone.

What a role may do is a set of actions (`BUILT_IN`, docs/access.md shows it as a table); a custom
role is another such set, made by an administrator. The action "city" is to see what every
department owns; without it a principal sees its own department's things and what is shared with it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from core.errors import NotAllowed, NotFound

Audience = str | tuple[str, ...] | None
"""What lists are filtered by: links of an audience, one of which must fit; None for everything."""


class Role(StrEnum):
    ADMINISTRATOR = "administrator"
    DISPATCHER = "dispatcher"
    PILOT = "pilot"
    MEMBER = "member"
    """A member of a department."""
    AUDITOR = "auditor"
    TESTER = "tester"
    """Runs simulated fleets and rehearsals, and looks on."""
    MACHINE = "machine"
    """A dock, camera, sensor or system that delivers."""


ACTIONS: Mapping[str, str] = {
    "city": "see what every department owns",
    "fly": "command drones",
    "request": "ask for flights",
    "decide": "decide reviews and take cases to their next step",
    "deliver": "deliver photographs as a camera does",
    "upload": "bring files",
    "file": "file flights and say go or no-go",
    "signal": "send sensor readings and citizen reports",
    "configure": "set up webhooks, devices and rules",
    "audit": "read the audit trail",
    "rehearse": "run rehearsals and simulated fleets",
    "administer": "manage accounts, keys and roles",
}
"""Everything that can be permitted, and what it means."""

_A, _D, _P = Role.ADMINISTRATOR, Role.DISPATCHER, Role.PILOT
_M, _U, _T, _X = Role.MEMBER, Role.AUDITOR, Role.TESTER, Role.MACHINE
_WHO: Mapping[str, tuple[Role, ...]] = {
    "city": (_A, _D, _P, _U, _T),
    "fly": (_A, _D, _P),
    "request": (_A, _D, _M),
    "decide": (_A, _D, _M),
    "deliver": (_A, _X),
    "upload": (_A, _D, _P, _M, _X),
    "file": (_A, _D),
    "signal": (_A, _D, _M, _X),
    "configure": (_A,),
    "audit": (_A, _U),
    "rehearse": (_A, _D, _T),
    "administer": (_A,),
}
BUILT_IN: Mapping[str, frozenset[str]] = {
    role.value: frozenset(action for action, roles in _WHO.items() if role in roles)
    for role in Role
}
"""What each built-in role may do."""

_BY_ROLE = frozenset({"(by role)"})


class Owned(Protocol):
    """Anything with an owning department and an audience."""

    @property
    def department(self) -> str: ...

    @property
    def shared_with(self) -> Sequence[str]: ...


class Territory(Protocol):
    """Knows in which counties things lie: `missions.identity.territory`."""

    def counties_of(self, item: Any) -> frozenset[str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who is asking.

    Attributes:
        role: a built-in role or the name of a custom one.
        department: the only one whose things it sees, unless it may see the city.
        counties: ids of the only counties whose things it sees; None for all.
        permissions: actions that it may take; those of the built-in role unless given.
        id: of the account or key; "" for the service itself and in tests.
        session: id of the sign-in; "" for keys.
        territory: knows where things lie, for who is limited to counties; without it they see
            only what names its county.
    """

    name: str
    role: str
    department: str | None = None
    counties: frozenset[str] | None = None
    permissions: frozenset[str] = _BY_ROLE
    id: str = field(default="", compare=False)
    session: str = field(default="", compare=False)
    territory: Territory | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.permissions is _BY_ROLE:
            object.__setattr__(self, "permissions", BUILT_IN.get(self.role, frozenset()))

    @property
    def city_wide(self) -> bool:
        """Whether it sees every department's things (within its counties)."""
        return "city" in self.permissions

    @property
    def sees_all(self) -> bool:
        """Whether it sees everything: every department's things in every county."""
        return self.city_wide and self.counties is None

    def may(self, action: str) -> bool:
        """Whether an action of `ACTIONS`, such as fly, decide or upload, is permitted."""
        if action not in ACTIONS:
            raise KeyError(action)
        return action in self.permissions

    def require(self, action: str) -> None:
        """Raise NotAllowed unless the action is permitted."""
        if not self.may(action):
            self._require_any()
            raise NotAllowed(
                f"the role {self.role} may not {action}",
                remedy="ask an administrator for a token with another role",
            )

    def require_city(self) -> None:
        """Raise NotAllowed unless the role is city-wide."""
        if not self.city_wide:
            self._require_any()
            raise NotAllowed(
                f"the role {self.role} may not see what concerns the whole city",
                remedy="ask an administrator for a token with a city-wide role",
            )

    def _require_any(self) -> None:
        """Tell who may do nothing at all what is the matter."""
        if not self.permissions:
            raise NotAllowed(
                "this account may do nothing yet",
                remedy="choose a password of your own first (PATCH /me), if yours was given to you",
            )

    def require_whole_city(self) -> None:
        """Raise NotAllowed unless it sees every department's things in every county: for figures
        and lists that cannot be split by county."""
        self.require_city()
        if not self.sees_all:
            raise NotAllowed(
                "this concerns the whole city, and you act for some of its counties",
                remedy="ask somebody who acts for the whole city",
            )

    def sees(self, item: Any) -> bool:
        """Whether the item lies in the principal's counties and is its department's own or shared
        with it."""
        return self.acts_for(_audience_of(item)) and self.reaches(item)

    def acts_for(self, departments: Iterable[str]) -> bool:
        """Whether it sees what belongs to one of these departments, wherever that lies."""
        return self.city_wide or (self.department is not None and self.department in departments)

    def reaches(self, item: Any) -> bool:
        """Whether the item, of whichever department, lies in one of the principal's counties."""
        if self.counties is None:
            return True
        if self.territory is not None:
            return not self.counties.isdisjoint(self.territory.counties_of(item))
        return getattr(item, "county", None) in self.counties

    def require_reach(self, item: Any) -> None:
        """Raise NotFound unless the item lies in the principal's counties."""
        if not self.reaches(item):
            raise NotFound("no such thing", where=getattr(item, "id", None))

    def audience(self) -> Audience:
        """What to filter lists by: a department, links of counties, or None for everything."""
        if self.sees_all:
            return None
        whose = "" if self.city_wide else (self.department or "-")
        if self.counties is None:
            return whose
        return tuple(sorted(f"{whose}@{county}" for county in self.counties)) or "-"

    def checked(self, item: Any) -> Any:
        """The item, if it may be seen.

        Raises:
            NotFound: it may not; the same answer as for something that does not exist.
        """
        if not self.sees(item):
            raise NotFound("no such thing", where=getattr(item, "id", None))
        return item


def _audience_of(item: Any) -> Sequence[str]:
    """The departments that may see an item: those it is for, or its owner and who it is shared
    with."""
    if hasattr(item, "departments"):
        departments: Sequence[str] = item.departments
        return departments
    return (item.department, *item.shared_with)


LOCAL_OPERATOR = Principal(name="local operator", role=Role.ADMINISTRATOR)
SERVICE = Principal(name="service", role=Role.ADMINISTRATOR)
