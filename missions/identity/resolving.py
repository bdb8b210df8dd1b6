"""From a token to who it names, on every request; and whether that still holds.

What was found is remembered until anybody's rights change: every change counts up one setting,
also from another process (`flyonce user disable`), and it is read each time.
"""

import asyncio
import threading
from datetime import datetime, timedelta

from missions.access import BUILT_IN, Principal, Role
from missions.identity import roles, tokens
from missions.identity.book import Book, epoch
from missions.identity.names import ACCESS, KEY, digest
from missions.identity.records import Account, SessionRecord
from missions.schedule import outlasting
from missions.store.protocol import Unit

_KEPT = 10_000
_LOOK_S = 2.0
"""Changes by another process are noticed within so many seconds on open streams."""
_USED_EVERY = timedelta(minutes=5)


class Resolver:
    """Names the principal of a token.

    Args:
        simulated: every drone that the service speaks with is simulated, so testers may fly them.
    """

    def __init__(self, book: Book, *, simulated: bool = False) -> None:
        self._book = book
        self.simulated = simulated
        self._lock = threading.Lock()
        self._epoch = -1
        self._known: dict[str, tuple[Principal, datetime | None]] = {}
        self._used: dict[str, datetime] = {}

    def resolve(self, token: str, address: str | None = None) -> Principal | None:
        """Who an access token or key names; None for one that is not good (any more).

        Args:
            address: where the caller is, for keys that may only be used from some networks.
        """
        mark, now = digest(token), self._book.now()
        with self._book.records.view() as unit:
            found = self._remembered(unit, mark, now)
            if found is None:
                found = self._look(unit, token, mark, now, address)
        if found is not None and not found.session:
            self._used[mark] = now
        return found

    def still_good(self, principal: Principal) -> bool:
        """Whether a principal's rights are what they were, and its key or session has not ended.

        For whoever keeps a stream open: `until_bad` waits for this to become false.
        """
        if not principal.id:
            return True  # the service itself, or the person at this machine
        with self._book.records.view() as unit:
            return self._anew(unit, principal) == principal

    async def until_bad(self, principal: Principal) -> None:
        """Return once a principal is no longer good; never for the person at this machine."""
        while self.still_good(principal):
            await self._book.changes.wait(_LOOK_S)

    def of_account(self, unit: Unit, account: Account, session: str) -> Principal:
        """The principal of an account that is signed in.

        Who still has to choose a password of their own may do nothing else.
        """
        allowed = roles.permissions_of(unit, account.role)
        if self.simulated and account.role == Role.TESTER:
            allowed |= {"fly"}
        department = account.department
        if account.must_change:
            allowed, department = frozenset(), None
        return Principal(
            name=account.display or account.name,
            role=account.role,
            department=department,
            counties=None if account.counties is None else frozenset(account.counties),
            permissions=allowed,
            id=account.id,
            session=session,
            territory=self._book.territory,
        )

    def write_used(self) -> None:
        """Put down when keys were used last."""
        used, self._used = self._used, {}
        if not used:
            return
        with self._book.records.unit() as unit:
            for record in unit.tokens.find(id=tuple(used)):
                last = record.last_used_at
                if last is None or used[record.id] - last > _USED_EVERY:
                    unit.tokens.put(tokens.used(record, used[record.id]))

    async def run(self) -> None:
        """Tell of changes by other processes, and put down what was used; until cancelled."""
        seen, rounds = -1, 0
        while True:
            with outlasting("sign-in"):
                with self._book.records.view() as unit:
                    now = epoch(unit)
                if now != seen:
                    seen = now
                    self._book.changes.tell()
                rounds += 1
                if rounds % 30 == 0:
                    await asyncio.to_thread(self.write_used)
            await asyncio.sleep(_LOOK_S)

    def _remembered(self, unit: Unit, mark: str, now: datetime) -> Principal | None:
        present = epoch(unit)
        with self._lock:
            if present != self._epoch or len(self._known) > _KEPT:
                self._known.clear()
                self._epoch = present
            found, until = self._known.get(mark, (None, None))
        return found if until is None or now < until else None

    def _look(
        self, unit: Unit, token: str, mark: str, now: datetime, address: str | None
    ) -> Principal | None:
        if token.startswith(ACCESS):
            session = _by_access(unit, mark, now)
            found = None if session is None else self._signed_in(unit, session)
            until = session.access_until if session else None
        elif token.startswith(KEY) and unit.tokens.exists(mark):
            record = unit.tokens.get(mark)
            if not tokens.is_good(record, now) or not tokens.comes_from(record, address):
                return None
            found, until = self._of_key(unit, mark), record.expires_at
            if record.addresses:
                return found  # where it comes from is looked at each time
        else:
            return None
        if found is not None:
            with self._lock:
                self._known[mark] = found, until
        return found

    def _anew(self, unit: Unit, principal: Principal) -> Principal | None:
        """The same principal as the records have it now."""
        now = self._book.now()
        if principal.session:
            found = unit.sessions.find(id=principal.session)
            good = bool(found) and found[0].ended_at is None and now < _ends(found[0])
            return self._signed_in(unit, found[0]) if good else None
        if not unit.tokens.exists(principal.id):
            return None
        record = unit.tokens.get(principal.id)
        return self._of_key(unit, record.id) if tokens.is_good(record, now) else None

    def _of_key(self, unit: Unit, mark: str) -> Principal:
        return tokens.principal_of(unit, unit.tokens.get(mark), self._book.territory)

    def _signed_in(self, unit: Unit, session: SessionRecord) -> Principal | None:
        account = unit.accounts.get(session.account_id)
        gone = account.role not in BUILT_IN and not unit.roles.exists(account.role)
        if account.disabled_at is not None or gone:
            return None
        return self.of_account(unit, account, session.id)


def _by_access(unit: Unit, mark: str, now: datetime) -> SessionRecord | None:
    found = unit.sessions.find(access=mark, limit=1)
    if not found or found[0].ended_at is not None or now >= found[0].access_until:
        return None
    return found[0]


def _ends(session: SessionRecord) -> datetime:
    return min(session.refresh_until, session.until)
