"""Keys of machines and other systems: named, scoped, shown once, ended at once."""

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from core.errors import InvalidInput, NotFound
from missions.access import Principal, Role
from missions.identity import roles, tokens
from missions.identity.book import Book
from missions.identity.names import digest
from missions.store.protocol import Unit
from missions.store.records import TokenRecord

_MOST_NETWORKS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyWish:
    """What a key is for.

    Attributes:
        permissions: some of the role's; None for all of them.
        addresses: networks that it may be used from, such as 10.1.0.0/16; none for any.
    """

    name: str
    role: str
    department: str | None = None
    counties: Iterable[str] | None = None
    permissions: Iterable[str] | None = None
    expires_at: datetime | None = None
    addresses: Sequence[str] = ()


class Keys:
    """API keys."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def listed(self, p: Principal, *, all_: bool = False) -> list[TokenRecord]:
        """The keys that are good, or all there ever were; the keys themselves are not kept."""
        p.require("administer")
        now = self._book.now()
        with self._book.records.view() as unit:
            return [k for k in unit.tokens.find() if all_ or tokens.is_good(k, now)]

    def get(self, p: Principal, key_id: str) -> TokenRecord:
        """One key's record."""
        p.require("administer")
        with self._book.records.view() as unit:
            return unit.tokens.get(key_id)

    def create(self, p: Principal, wish: KeyWish) -> tuple[TokenRecord, str]:
        """A key's record and the key, which is shown this once.

        Raises:
            InvalidInput: an unknown role, department, county, permission or network.
            NotAllowed: the caller lacks what the key would be given.
        """
        p.require("administer")
        with self._book.records.unit() as unit:
            principal = self._principal(unit, p, wish)
            token = tokens.make(
                unit,
                principal,
                clock=self._book.wall,
                expires_at=self._ahead(wish.expires_at),
                addresses=_networks(wish.addresses),
                made_by=p.name,
            )
            record = unit.tokens.get(digest(token))
            self._note(unit, record, "key.made", f"made, {_scope(record)}", "已创建", p.name)
        return record, token

    def change(
        self,
        p: Principal,
        key_id: str,
        *,
        expires_at: datetime | None,
        addresses: Sequence[str] | None,
    ) -> TokenRecord:
        """A key with another end or other networks; None leaves each as it is."""
        p.require("administer")
        with self._book.records.unit() as unit:
            before = unit.tokens.get(key_id)
            self._may_manage(unit, p, before)
            after = before
            if expires_at is not None:
                after = replace(after, expires_at=self._ahead(expires_at))
            if addresses is not None:
                after = replace(after, addresses=_networks(addresses))
            unit.tokens.put(after)
            self._book.changed(unit)
            self._note(unit, after, "key.changed", f"changed, {_scope(after)}", "已修改", p.name)
        self._book.changes.tell()
        return after

    def revoke(self, p: Principal, key_id: str) -> TokenRecord:
        """End a key at once.

        Raises:
            NotFound: there is none, or it has ended.
        """
        p.require("administer")
        with self._book.records.unit() as unit:
            record = unit.tokens.get(key_id)
            if record.revoked_at is not None:
                raise NotFound("this key has ended already", where=key_id)
            self._may_manage(unit, p, record)
            ended = replace(record, revoked_at=self._book.now())
            unit.tokens.put(ended)
            self._book.changed(unit)
            self._note(unit, ended, "key.revoked", "revoked", "已吊销", p.name)
        self._book.changes.tell()
        return ended

    def revoke_name(self, p: Principal, name: str) -> int:
        """End every good key of a name; says how many there were."""
        with self._book.records.view() as unit:
            good = [k.id for k in unit.tokens.find(name=name) if k.revoked_at is None]
        for key_id in good:
            self.revoke(p, key_id)
        return len(good)

    def _principal(self, unit: Unit, p: Principal, wish: KeyWish) -> Principal:
        if not wish.name.strip():
            raise InvalidInput("a key without a name", where="name", remedy="say whose it is")
        allowed = roles.known(unit, wish.role)
        if wish.permissions is not None:
            chosen = frozenset(roles.checked(wish.permissions))
            if beyond := sorted(chosen - allowed):
                raise InvalidInput(
                    f"the role {wish.role} may not {beyond[0]}",
                    where="permissions",
                    remedy="choose among " + ", ".join(sorted(allowed)),
                )
            allowed = chosen
        department = None if "city" in allowed else self._book.department(wish.department)
        if department is None and "city" not in allowed and wish.role != Role.MACHINE:
            raise InvalidInput(
                f"a {wish.role} needs a department",
                where="department",
                remedy="name one of " + ", ".join(self._book.preset.departments),
            )
        counties = self._book.counties(wish.counties)
        roles.may_give(p, allowed, department, counties)
        return Principal(
            name=wish.name.strip(),
            role=wish.role,
            department=department,
            counties=None if counties is None else frozenset(counties),
            permissions=allowed,
        )

    def _may_manage(self, unit: Unit, p: Principal, record: TokenRecord) -> None:
        allowed = tokens.principal_of(unit, record).permissions
        roles.may_give(p, allowed, record.department, record.counties)

    def _ahead(self, at: datetime | None) -> datetime | None:
        if at is not None and at <= self._book.now():
            raise InvalidInput("this time is past", where="expires_at", remedy="name a later one")
        return at

    def _note(
        self, unit: Unit, record: TokenRecord, action: str, what: str, zh: str, actor: str
    ) -> None:
        text, text_zh = f"the key of {record.name} was {what}", f"密钥 {record.name} {zh}"
        self._book.note(unit, f"key-{record.id[:16]}", action, text, text_zh, actor=actor)


def _networks(addresses: Sequence[str]) -> tuple[str, ...]:
    """Networks in their plain form.

    Raises:
        InvalidInput: one is none, or there are too many.
    """
    if len(addresses) > _MOST_NETWORKS:
        raise InvalidInput(
            f"{len(addresses)} networks", where="addresses", remedy=f"at most {_MOST_NETWORKS}"
        )
    found = []
    for address in addresses:
        try:
            found.append(str(ipaddress.ip_network(address.strip(), strict=False)))
        except ValueError as error:
            raise InvalidInput(
                f"no network: {address[:60]!r}",
                where="addresses",
                remedy="write 10.1.2.3 or 10.1.0.0/16",
            ) from error
    return tuple(found)


def _scope(record: TokenRecord) -> str:
    """What a key may do, in words."""
    parts = [f"{record.role} of {record.department or 'the city'}"]
    if record.permissions is not None:
        parts.append("only " + (", ".join(record.permissions) or "looking"))
    if record.counties is not None:
        parts.append("in " + ", ".join(record.counties))
    if record.expires_at is not None:
        parts.append(f"until {record.expires_at:%Y-%m-%d %H:%M}")
    if record.addresses:
        parts.append("from " + ", ".join(record.addresses))
    return ", ".join(parts)
