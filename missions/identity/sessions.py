"""Signing in, staying signed in, and signing out.

A session is a family of tokens: an access token for 15 minutes, and a refresh token that is good
once. Who shows a refresh token a second time ends the family: either it was stolen and used, or the
thief comes second (RFC 9700, section 4.14.2). Names that are not known cost the same work and get
the same answer as wrong passwords.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.errors import NotAllowed, NotFound
from core.ids import new_id
from missions.access import Principal
from missions.identity.book import Book
from missions.identity.brakes import Brake, TooManyTries
from missions.identity.names import ACCESS, REFRESH, digest, normalised, opaque
from missions.identity.passwords import MOST, Hashing
from missions.identity.records import Account, SessionRecord
from missions.identity.resolving import Resolver
from missions.store.protocol import Unit

ACCESS_FOR = timedelta(minutes=15)
REFRESH_FOR = timedelta(hours=12)
"""A session that nobody refreshes for so long has ended: a shift."""
SESSION_FOR = timedelta(days=7)
"""Then one signs in again (NIST SP 800-63B-4, section 2.1.3, wants it within 30 days)."""
_KEPT_FOR = timedelta(days=30)
_SPLIT = "."


class SignInRefused(NotAllowed):
    """The name, the password or the token is not good; it does not say which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a sign-in or refresh gives; the tokens cannot be read again."""

    access: str
    access_until: datetime
    refresh: str
    refresh_until: datetime
    account: Account
    principal: Principal


class Sessions:
    """Sign-ins of people."""

    def __init__(self, book: Book, resolver: Resolver, hashing: Hashing) -> None:
        self._book = book
        self._resolver = resolver
        self._hashing = hashing
        self._by_name = Brake(book.now, free=3)
        self._by_address = Brake(book.now, free=20)
        self._told = Brake(book.now, free=1, longest_s=60.0, forget_s=60.0)

    async def sign_in(
        self, name: str, password: str, *, address: str = "", agent: str = ""
    ) -> Tokens:
        """Tokens for a name and password.

        Raises:
            TooManyTries: after failures of this name or from this address.
            SignInRefused: wrong, unknown or disabled: which one is not said.
            Unavailable: too many sign in at once.
        """
        name = normalised(name)
        for brake, key in ((self._by_name, name), (self._by_address, address)):
            brake.check(key)
        with self._book.records.view() as unit:
            account = _by_name(unit, name)
        known = account if account is not None and account.disabled_at is None else None
        encoded = None if known is None else known.password

        def fits() -> bool:
            self._by_name.check(name)  # those who tried side by side have failed meanwhile
            return self._hashing.fits(encoded, password[: MOST + 1])

        good = await self._hashing.later(fits)
        if not good or known is None:
            self._by_name.failed(name)
            self._failed(account, address, self._by_address.failed(address))
            raise SignInRefused(
                "this name and password do not belong together",
                where="name",
                remedy="try again, or ask an administrator for a new password",
            )
        self._by_name.succeeded(name)
        fresh = await self._rehashed(encoded, password)
        return self.begin(known.id, how="password", address=address, agent=agent, rehashed=fresh)

    def begin(
        self,
        account_id: str,
        *,
        how: str,
        address: str = "",
        agent: str = "",
        rehashed: str | None = None,
    ) -> Tokens:
        """A new session of an account that has proven who it is.

        Raises:
            SignInRefused: the account was disabled meanwhile.
        """
        now = self._book.now()
        with self._book.records.unit() as unit:
            account = unit.accounts.get(account_id)
            if account.disabled_at is not None:
                raise SignInRefused("this account is disabled")
            account = replace(account, last_sign_in=now, password=rehashed or account.password)
            unit.accounts.put(account)
            family = opaque("")
            session, access, refresh = self._fresh(
                SessionRecord(
                    id=new_id("ses", now),
                    account_id=account.id,
                    access="",
                    access_until=now,
                    family=digest(family),
                    refresh="",
                    refresh_until=now,
                    until=now + SESSION_FOR,
                    made_at=now,
                    refreshed_at=now,
                    how=how,
                    address=address[:100],
                    agent=agent[:200],
                )
            )
            unit.sessions.add(session)
            self._book.note(
                unit,
                account.id,
                "session.began",
                f"{account.name} signed in ({how}) from {address or 'here'}",
                f"{account.name} 登录({how}),来自 {address or '本机'}",
                actor=account.name,
            )
            return self._tokens(unit, session, account, access, f"{REFRESH}{family}.{refresh}")

    def refresh(self, token: str) -> Tokens:
        """New tokens for a refresh token, which is spent by this.

        Raises:
            SignInRefused: unknown, expired, or used before: then the whole session has ended.
        """
        family, _, secret = token.removeprefix(REFRESH).partition(_SPLIT)
        refused = SignInRefused("this session has ended", remedy="sign in again")
        if not token.startswith(REFRESH) or not secret:
            raise refused
        with self._book.records.unit() as unit:
            found = unit.sessions.find(family=digest(family), limit=1)
            session = found[0] if found else None
            now = self._book.now()
            if session is None or session.ended_at is not None:
                raise refused
            account = unit.accounts.get(session.account_id)
            spent = not hmac.compare_digest(session.refresh, digest(secret))
            late = now >= min(session.refresh_until, session.until)
            if not spent and not late and account.disabled_at is None:
                session, access, fresh = self._fresh(session)
                unit.sessions.put(session)
                self._book.changed(unit)
                return self._tokens(unit, session, account, access, f"{REFRESH}{family}.{fresh}")
            self._end(unit, session, account, "replayed" if spent else "expired", "service")
        self._book.changes.tell()
        raise refused

    def sign_out(self, p: Principal) -> None:
        """End the caller's own session; a key or the person at this machine has none."""
        if p.session:
            self.end(p, p.session)

    def listed(self, p: Principal, account_id: str) -> Sequence[SessionRecord]:
        """The open sessions of an account, the latest first; one's own, or with "administer"."""
        if account_id != p.id:
            p.require("administer")
        now = self._book.now()
        with self._book.records.view() as unit:
            found = unit.sessions.find(account_id=account_id, ended_at=None, newest_first=True)
        return [s for s in found if now < min(s.refresh_until, s.until)]

    def end(self, p: Principal, session_id: str) -> None:
        """End a session: one's own, or with "administer" another's.

        Raises:
            NotFound: no such open session, or none of the caller's business.
        """
        with self._book.records.unit() as unit:
            found = unit.sessions.find(id=session_id, ended_at=None)
            if not found or (found[0].account_id != p.id and not p.may("administer")):
                raise NotFound("no such open session", where=session_id)
            account = unit.accounts.get(found[0].account_id)
            self._end(unit, found[0], account, "signed out", p.name)
        self._book.changes.tell()

    def end_all(self, unit: Unit, account: Account, why: str, actor: str, keep: str = "") -> int:
        """Within a unit: end an account's sessions but one; says how many there were."""
        found = unit.sessions.find(account_id=account.id, ended_at=None)
        ending = [session for session in found if session.id != keep]
        for session in ending:
            self._end(unit, session, account, why, actor)
        return len(ending)

    def sweep(self) -> None:
        """Forget sessions that ended long ago; the trail keeps that they were."""
        before = self._book.now() - _KEPT_FOR
        with self._book.records.unit() as unit:
            for session in unit.sessions.find():
                if min(session.until, session.refresh_until, session.ended_at or before) < before:
                    unit.sessions.remove(session.id)

    def _fresh(self, session: SessionRecord) -> tuple[SessionRecord, str, str]:
        """The session with new tokens, the access token, and the refresh token's secret part."""
        access, secret, now = opaque(ACCESS), opaque(""), self._book.now()
        fresh = replace(
            session,
            access=digest(access),
            access_until=min(now + ACCESS_FOR, session.until),
            refresh=digest(secret),
            refresh_until=min(now + REFRESH_FOR, session.until),
            refreshed_at=now,
        )
        return fresh, access, secret

    def _tokens(
        self, unit: Unit, session: SessionRecord, account: Account, access: str, refresh: str
    ) -> Tokens:
        return Tokens(
            access=access,
            access_until=session.access_until,
            refresh=refresh,
            refresh_until=session.refresh_until,
            account=account,
            principal=self._resolver.of_account(unit, account, session.id),
        )

    def _end(
        self, unit: Unit, session: SessionRecord, account: Account, why: str, actor: str
    ) -> None:
        unit.sessions.put(replace(session, ended_at=self._book.now(), ended_why=why))
        self._book.changed(unit)
        action = "session.replayed" if why == "replayed" else "session.ended"
        text = f"a session of {account.name} ended: {why}"
        if why == "replayed":
            text = f"a refresh token of {account.name} was used twice: the session was ended"
        zh = {"replayed": "刷新令牌被重复使用,会话已终止", "signed out": "会话已退出"}
        self._book.note(
            unit, account.id, action, text, f"{account.name}:{zh.get(why, '会话已结束')}",
            actor=actor,
        )  # fmt: skip

    async def _rehashed(self, encoded: str | None, password: str) -> str | None:
        """The password hashed with today's parameters, where it was with older ones."""
        if encoded is None or not self._hashing.is_old(encoded):
            return None
        return await self._hashing.later(lambda: self._hashing.hash(password))

    def refused(self, address: str, by: str) -> None:
        """A sign-in that somebody else refused, for the trail."""
        self._failed(None, address, self._by_address.failed(address), by)

    def _failed(
        self, account: Account | None, address: str, count: int, by: str = "an unknown name"
    ) -> None:
        """Put a failed sign-in into the trail, at most a few a minute and address."""
        try:
            self._told.check(address)
            self._told.check("")
        except TooManyTries:
            return
        for key in (address, ""):
            self._told.failed(key)
        whose = by if account is None else account.name
        subject = "sign-in" if account is None else account.id
        with self._book.records.unit() as unit:
            self._book.note(
                unit,
                subject,
                "session.refused",
                f"sign-in of {whose} from {address or 'here'} failed; {count} from there of late",
                f"来自 {address or '本机'} 的登录失败:{whose};近期共 {count} 次",
                actor="unknown",
            )


def _by_name(unit: Unit, name: str) -> Account | None:
    found = unit.accounts.find(name=name, limit=1)
    return found[0] if found else None
