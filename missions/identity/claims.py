"""From an identity provider's claims to a role, a department and counties: a table that is data.

The table is YAML, for example::

    name: preferred_username                # which claim names the account
    rules:                                  # the first that fits counts; none: no access
      - claim: groups
        is: flyonce-admins
        role: administrator
      - claim: groups
        is: forestry-officers
        role: member
        department: forestry
        counties: [quzhou-kecheng]
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from core.errors import InvalidInput, NotAllowed
from missions.access import Role
from missions.identity.accounts import Wish

_KEYS = frozenset({"claim", "is", "role", "department", "counties"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Who has a value in a claim gets a role."""

    claim: str
    value: str
    role: str
    department: str | None = None
    counties: tuple[str, ...] | None = None

    def fits(self, claims: Mapping[str, Any]) -> bool:
        """Whether the claim is the value, or a list that holds it. Dots go down into objects."""
        found: Any = claims
        for part in self.claim.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        return self.value in found if isinstance(found, list) else found == self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """The table: which claim names the account, and the rules in order."""

    rules: tuple[Rule, ...]
    name: str = "preferred_username"

    def wish(self, claims: Mapping[str, Any]) -> tuple[str, Wish]:
        """The account's name and rights.

        Raises:
            NotAllowed: no rule fits.
        """
        rule = next((rule for rule in self.rules if rule.fits(claims)), None)
        if rule is None:
            raise NotAllowed(
                "the identity provider knows you, but gives you no role here",
                where="claims",
                remedy="ask an administrator to add you to one of the groups that have a role",
            )
        name = str(claims.get(self.name) or claims.get("email") or claims["sub"])
        wish = Wish(
            display=str(claims.get("name") or name)[:200],
            role=rule.role,
            department=rule.department,
            counties=rule.counties,
        )
        return name, wish


def load(path: Path) -> Mapped:
    """The table of a file.

    Raises:
        InvalidInput: it cannot be read, or a rule is wrong; says which.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidInput(
            f"cannot be read: {error}", where=str(path), remedy="give a YAML file of rules"
        ) from error
    if not isinstance(data, dict) or not isinstance(data.get("rules"), list) or not data["rules"]:
        raise InvalidInput("holds no rules", where=str(path), remedy="see docs/access.md")
    rules = tuple(_rule(rule, f"{path}: rules[{n}]") for n, rule in enumerate(data["rules"]))
    return Mapped(rules=rules, name=str(data.get("name", "preferred_username")))


def _rule(data: Any, where: str) -> Rule:
    remedy = "write claim, is, role and, where it needs one, department and counties"
    if not isinstance(data, dict) or data.keys() - _KEYS or {"claim", "is", "role"} - data.keys():
        raise InvalidInput("is no rule", where=where, remedy=remedy)
    counties = data.get("counties")
    if counties is not None and not (isinstance(counties, list) and counties):
        raise InvalidInput("counties are a list", where=where, remedy=remedy)
    if data["role"] == Role.MEMBER and not data.get("department"):
        raise InvalidInput("a member belongs to a department", where=where, remedy=remedy)
    return Rule(
        claim=str(data["claim"]),
        value=str(data["is"]),
        role=str(data["role"]),
        department=data.get("department"),
        counties=None if counties is None else tuple(map(str, counties)),
    )
