"""Custom roles: a name and a set of actions, made by an administrator."""

from collections.abc import Iterable
from dataclasses import replace

from core.errors import IllegalTransition
from missions.access import ACTIONS, BUILT_IN, Principal
from missions.identity import roles
from missions.identity.book import Book
from missions.identity.records import CustomRole
from missions.store.protocol import Unit


class Roles:
    """Built-in and custom roles."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def listed(self) -> dict[str, tuple[str, ...]]:
        """What each role may do, the built-in ones first."""
        with self._book.records.view() as unit:
            made = {role.id: role.permissions for role in unit.roles.find()}
        built_in = {
            name: tuple(a for a in ACTIONS if a in allowed) for name, allowed in BUILT_IN.items()
        }
        return built_in | made

    def custom(self) -> list[CustomRole]:
        """The roles that administrators made."""
        with self._book.records.view() as unit:
            return unit.roles.find()

    def create(
        self, p: Principal, name: str, permissions: Iterable[str], *, title: str, title_zh: str
    ) -> CustomRole:
        """A new role."""
        p.require("administer")
        with self._book.records.unit() as unit:
            at = self._book.now()
            made = roles.new_role(unit, p, name, title, title_zh, permissions, at)
            unit.roles.add(made)
            self._book.changed(unit)
            self._note(unit, made, "role.made", "made", "已创建", p.name)
        return made

    def change(
        self,
        p: Principal,
        name: str,
        *,
        permissions: Iterable[str] | None,
        title: str | None,
        title_zh: str | None,
    ) -> CustomRole:
        """A role with other permissions, for all who have it, at once."""
        p.require("administer")
        with self._book.records.unit() as unit:
            before = roles.custom(unit, name)
            roles.may_permit(p, before.permissions)
            after = replace(
                before,
                title=before.title if title is None else title,
                title_zh=before.title_zh if title_zh is None else title_zh,
                permissions=(
                    before.permissions if permissions is None else roles.checked(permissions)
                ),
            )
            roles.may_permit(p, after.permissions)
            self._city_stays(unit, before, after)
            unit.roles.put(after)
            self._book.changed(unit)
            self._note(unit, after, "role.changed", "changed", "已修改", p.name)
        self._book.changes.tell()
        return after

    def delete(self, p: Principal, name: str) -> None:
        """Take a role away that nobody has.

        Raises:
            IllegalTransition: somebody has it.
        """
        p.require("administer")
        with self._book.records.unit() as unit:
            role = roles.custom(unit, name)
            roles.may_permit(p, role.permissions)
            if (who := roles.in_use(unit, name)) is not None:
                raise IllegalTransition(
                    f"{who} has this role", where=name, remedy="give them another one first"
                )
            unit.roles.remove(name)
            self._book.changed(unit)
            self._note(unit, role, "role.deleted", "deleted", "已删除", p.name)

    def _city_stays(self, unit: Unit, before: CustomRole, after: CustomRole) -> None:
        """Who has the role keeps a scope that fits: with or without a department."""
        if ("city" in before.permissions) == ("city" in after.permissions):
            return
        if (who := roles.in_use(unit, before.id)) is not None:
            raise IllegalTransition(
                f"{who} has this role, which would get or lose the whole city",
                where=before.id,
                remedy="make another role and give it to them",
            )

    def _note(
        self, unit: Unit, role: CustomRole, action: str, what: str, zh: str, actor: str
    ) -> None:
        may = ", ".join(role.permissions) or "nothing but look"
        text, text_zh = f"the role {role.id} was {what}: {may}", f"角色 {role.id} {zh}:{may}"
        self._book.note(unit, f"role-{role.id}", action, text, text_zh, actor=actor)
