"""People's accounts: made, changed and disabled by who may give what they get.

An account is never deleted: the trail names it. The last account that may administer the whole city
cannot be disabled or lose its role.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from core.errors import IllegalTransition, InvalidInput, NotAllowed, NotFound
from core.ids import new_id
from missions.access import SERVICE, Principal, Role
from missions.identity import names, passwords, roles
from missions.identity.book import Book
from missions.identity.brakes import Brake
from missions.identity.passwords import Hashing
from missions.identity.records import Account
from missions.identity.sessions import Sessions
from missions.queries import Page, page_of
from missions.store.protocol import Unit

FIRST = "admin"
_KEEP: Any = object()
"""Leaves a value as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What an account shall be; what is left out stays as it is.

    Attributes:
        counties: ids, or None for the whole city.
    """

    display: str = _KEEP
    role: str = _KEEP
    department: str | None = _KEEP
    counties: Iterable[str] | None = _KEEP
    disabled: bool = _KEEP


class Accounts:
    """The accounts of a city."""

    def __init__(self, book: Book, sessions: Sessions, hashing: Hashing) -> None:
        self._book = book
        self._sessions = sessions
        self._hashing = hashing
        self._tries = Brake(book.now, free=5)

    def first(self) -> str | None:
        """Make the first administrator where there is no account; its password, this once."""
        with self._book.records.view() as unit:
            if unit.accounts.find(limit=1):
                return None
        return self.create(SERVICE, FIRST, Wish(display="", role=Role.ADMINISTRATOR))[1]

    def listed(
        self, p: Principal, *, role: str | None = None, after: str | None = None, limit: int = 100
    ) -> Page[Account]:
        """Every account, the oldest first."""
        p.require("administer")
        chosen = {} if role is None else {"role": role}
        with self._book.records.view() as unit:
            return page_of(unit.accounts, SERVICE, after, limit, chosen, newest_first=False)

    def get(self, p: Principal, account_id: str) -> Account:
        """One account; one's own, or with "administer" any."""
        if account_id != p.id:
            p.require("administer")
        with self._book.records.view() as unit:
            return unit.accounts.get(account_id)

    def named(self, name: str) -> Account:
        """The account of a name. Raises NotFound."""
        with self._book.records.view() as unit:
            found = unit.accounts.find(name=names.normalised(name), limit=1)
        if not found:
            raise NotFound("no account of this name", where=name[:80])
        return found[0]

    def create(
        self, p: Principal, name: str, wish: Wish, password: str | None = None
    ) -> tuple[Account, str]:
        """A new account and the password for its first sign-in, where it must be changed.

        Args:
            password: a random one if it is left out.
        """
        p.require("administer")
        clean = names.checked(name)
        given = passwords.suggested() if password is None else passwords.checked(password, (clean,))
        encoded, now = self._hashing.hash(given), self._book.now()
        with self._book.records.unit() as unit:
            blank = Account(
                id=new_id("acc", now),
                name=clean,
                display="",
                role="",
                made_at=now,
                made_by=p.name,
                password=encoded,
                must_change=True,
                password_at=now,
            )
            account = self._wished(unit, p, blank, wish)
            self._insert(unit, account, p.name)
        return account, given

    def change(self, p: Principal, account_id: str, wish: Wish) -> Account:
        """An account with other rights or name, disabled or good again; takes effect at once."""
        p.require("administer")
        with self._book.records.unit() as unit:
            before = unit.accounts.get(account_id)
            self._may_manage(unit, p, before)
            after = self._wished(unit, p, before, wish)
            if after == before:
                return before
            self._last_stays(unit, before, after)
            unit.accounts.put(after)
            self._book.changed(unit)
            if after.disabled_at is not None and before.disabled_at is None:
                self._sessions.end_all(unit, after, "disabled", p.name)
            self._note_change(unit, before, after, p.name)
        self._book.changes.tell()
        return after

    def reset(
        self, p: Principal, account_id: str, password: str | None = None
    ) -> tuple[Account, str]:
        """A new password that must be changed at the next sign-in; ends every session."""
        p.require("administer")
        with self._book.records.view() as unit:
            self._may_manage(unit, p, unit.accounts.get(account_id))
            name = unit.accounts.get(account_id).name
        given = passwords.suggested() if password is None else passwords.checked(password, (name,))
        encoded = self._hashing.hash(given)
        with self._book.records.unit() as unit:
            account = unit.accounts.get(account_id)
            if account.subject:
                raise IllegalTransition(
                    "this account signs in with the identity provider and has no password",
                    where=account.name,
                )
            account = replace(
                account, password=encoded, must_change=True, password_at=self._book.now()
            )
            unit.accounts.put(account)
            self._book.changed(unit)
            self._sessions.end_all(unit, account, "password reset", p.name)
            self._told(
                unit, account, "account.reset", "was given a new password", "密码已重置", p.name
            )
        self._book.changes.tell()
        return account, given

    async def choose_password(self, p: Principal, old: str, new: str) -> Account:
        """A person's own new password; ends their other sessions.

        Raises:
            NotAllowed: the old one is wrong, or the caller has no account.
            InvalidInput: the new one is guessable, too short, or the old one.
        """
        if not p.session:
            raise NotAllowed("only who signed in with a name has a password", where="password")
        self._tries.check(p.id)
        account = self.get(p, p.id)
        if not await self._hashing.later(lambda: self._hashing.fits(account.password, old)):
            self._tries.failed(p.id)
            raise NotAllowed("the present password is wrong", where="old_password")
        self._tries.succeeded(p.id)
        fresh = passwords.checked(new, (account.name, account.display))
        if fresh == old:
            raise InvalidInput("this is the old password", where="password", remedy="use another")
        encoded = await self._hashing.later(lambda: self._hashing.hash(fresh))
        with self._book.records.unit() as unit:
            account = replace(
                unit.accounts.get(p.id),
                password=encoded,
                must_change=False,
                password_at=self._book.now(),
            )
            unit.accounts.put(account)
            self._book.changed(unit)
            self._sessions.end_all(unit, account, "password changed", p.name, keep=p.session)
            self._told(
                unit, account, "account.password", "chose a new password", "修改了密码", p.name
            )
        self._book.changes.tell()
        return account

    def provided(self, subject: str, name: str, wish: Wish) -> Account:
        """The account of a person whom the identity provider vouches for, with the rights that the
        provider's claims give now; made at the first sign-in.

        Raises:
            NotAllowed: it is disabled here.
        """
        with self._book.records.unit() as unit:
            found = unit.accounts.find(subject=subject, limit=1)
            now = self._book.now()
            before = found[0] if found else Account(
                id=new_id("acc", now), name=self._free(unit, name), display="", role="",
                made_at=now, made_by="identity provider", subject=subject,
            )  # fmt: skip
            if before.disabled_at is not None:
                raise NotAllowed("this account is disabled", where=before.name)
            after = self._wished(unit, SERVICE, before, wish)
            if not found:
                self._insert(unit, after, "identity provider")
            elif after != before:
                unit.accounts.put(after)
                self._note_change(unit, before, after, "identity provider")
                self._book.changed(unit)
        self._book.changes.tell()
        return after

    def _wished(self, unit: Unit, p: Principal, account: Account, wish: Wish) -> Account:
        """The account as wished for, checked against what the caller may give."""
        given = {
            name: getattr(wish, name)
            for name in ("display", "role", "department", "counties")
            if getattr(wish, name) is not _KEEP
        }
        if "counties" in given:
            given["counties"] = self._book.counties(given["counties"])
        if "department" in given:
            self._book.department(given["department"])
        if wish.disabled is not _KEEP:
            since = account.disabled_at or self._book.now()
            given["disabled_at"] = since if wish.disabled else None
        made = replace(account, **given)
        allowed = roles.known(unit, made.role)
        if "city" not in allowed and made.role != Role.MACHINE and made.department is None:
            raise InvalidInput(
                f"a {made.role} belongs to a department",
                where="department",
                remedy="name one of " + ", ".join(self._book.preset.departments),
            )
        if "city" in allowed:
            made = replace(made, department=None)
        roles.may_give(p, allowed, made.department, made.counties)
        return made

    def _may_manage(self, unit: Unit, p: Principal, account: Account) -> None:
        allowed = roles.permissions_of(unit, account.role)
        roles.may_give(p, allowed, account.department, account.counties)

    def _last_stays(self, unit: Unit, before: Account, after: Account) -> None:
        """Raise IllegalTransition if nobody could administer the whole city any more."""
        if not _administers(before) or _administers(after):
            return
        others = unit.accounts.find(role=Role.ADMINISTRATOR)
        if not any(_administers(a) for a in others if a.id != before.id):
            raise IllegalTransition(
                "this is the last administrator of the whole city",
                where=before.name,
                remedy="make another one first",
            )

    def _insert(self, unit: Unit, account: Account, actor: str) -> None:
        if unit.accounts.find(name=account.name, limit=1):
            raise InvalidInput(
                f"there is an account {account.name} already", where="name", remedy="use another"
            )
        unit.accounts.add(account)
        self._book.changed(unit)
        what = f"was made: {_rights(account)}"
        self._told(unit, account, "account.made", what, f"账户已创建:{_rights(account)}", actor)

    def _free(self, unit: Unit, name: str) -> str:
        """A name that no local account has: nobody takes one over by being called the same."""
        clean = names.normalised(name)
        try:
            clean = names.checked(clean)
        except InvalidInput:
            clean = "user"
        tried, n = clean, 1
        while unit.accounts.find(name=tried, limit=1):
            n += 1
            tried = f"{clean[:56]}.{n}"
        return tried

    def _note_change(self, unit: Unit, before: Account, after: Account, actor: str) -> None:
        if (before.disabled_at is None) != (after.disabled_at is None):
            word, zh = ("disabled", "停用") if after.disabled_at else ("good again", "恢复")
            self._told(unit, after, "account.disabled" if after.disabled_at else "account.enabled",
                       f"is {word}", f"账户已{zh}", actor)  # fmt: skip
        if _rights(before) != _rights(after) or before.display != after.display:
            what = f"had {_rights(before)} and has {_rights(after)}"
            zh = f"权限由 {_rights(before)} 变为 {_rights(after)}"
            self._told(unit, after, "account.changed", what, zh, actor)

    def _told(
        self, unit: Unit, account: Account, action: str, what: str, zh: str, actor: str
    ) -> None:
        text = f"the account {account.name} {what}"
        self._book.note(unit, account.id, action, text, f"{account.name}:{zh}", actor=actor)


def _administers(account: Account) -> bool:
    whole = account.role == Role.ADMINISTRATOR and account.counties is None
    return whole and account.disabled_at is None


def _rights(account: Account) -> str:
    where = "" if account.counties is None else " in " + ", ".join(account.counties)
    return f"{account.role} of {account.department or 'the city'}{where}"
