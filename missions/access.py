"""Who may see and do what. The department comes from the token alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from core.errors import NotAllowed, NotFound


class Role(StrEnum):
    ADMINISTRATOR = "administrator"
    DISPATCHER = "dispatcher"
    PILOT = "pilot"
    MEMBER = "member"
    """A member of a department."""
    AUDITOR = "auditor"
    MACHINE = "machine"
    """A dock or camera that delivers media."""


_SEES_ALL = frozenset({Role.ADMINISTRATOR, Role.DISPATCHER, Role.PILOT, Role.AUDITOR})
_MAY: dict[str, frozenset[Role]] = {
    "fly": frozenset({Role.ADMINISTRATOR, Role.DISPATCHER, Role.PILOT}),
    "request": frozenset({Role.ADMINISTRATOR, Role.DISPATCHER, Role.MEMBER}),
    "decide": frozenset({Role.ADMINISTRATOR, Role.DISPATCHER, Role.MEMBER}),
    "deliver": frozenset({Role.ADMINISTRATOR, Role.MACHINE}),
    "upload": frozenset(
        {Role.ADMINISTRATOR, Role.DISPATCHER, Role.PILOT, Role.MEMBER, Role.MACHINE}
    ),
    "administer": frozenset({Role.ADMINISTRATOR}),
}


class Owned(Protocol):
    """Anything with an owning department and an audience."""

    @property
    def department(self) -> str: ...

    @property
    def shared_with(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who is asking.

    Attributes:
        department: the only one whose things a member sees; None for city-wide roles.
    """

    name: str
    role: Role
    department: str | None = None

    @property
    def sees_all(self) -> bool:
        """Whether the role is city-wide."""
        return self.role in _SEES_ALL

    def may(self, action: str) -> bool:
        """Whether the role permits an action of `_MAY`, such as fly, decide or upload."""
        return self.role in _MAY[action]

    def require(self, action: str) -> None:
        """Raise NotAllowed unless the role permits the action."""
        if not self.may(action):
            raise NotAllowed(
                f"the role {self.role} may not {action}",
                remedy="ask an administrator for a token with another role",
            )

    def require_city(self) -> None:
        """Raise NotAllowed unless the role is city-wide."""
        if not self.sees_all:
            raise NotAllowed(
                f"the role {self.role} may not see what drones are told",
                remedy="ask an administrator for a token with a city-wide role",
            )

    def sees(self, item: Owned) -> bool:
        """Whether the item is the principal's own or shared with its department."""
        if self.sees_all:
            return True
        return self.department is not None and (
            item.department == self.department or self.department in item.shared_with
        )

    def audience(self) -> str | None:
        """The department to filter lists by, or None for everything."""
        return None if self.sees_all else (self.department or "-")

    def checked(self, item: Any) -> Any:
        """The item, if it may be seen.

        Raises:
            NotFound: it may not; the same answer as for something that does not exist.
        """
        if not self.sees(item):
            raise NotFound("no such thing", where=getattr(item, "id", None))
        return item


LOCAL_OPERATOR = Principal(name="local operator", role=Role.ADMINISTRATOR)
SERVICE = Principal(name="service", role=Role.ADMINISTRATOR)
