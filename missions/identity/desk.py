"""The identity room's front desk: everything about who may use the service."""

from core.clock import Clock
from missions.access import Principal
from missions.identity.accounts import Accounts
from missions.identity.book import Book
from missions.identity.keys import Keys
from missions.identity.passwords import Hashing
from missions.identity.provider import Provider
from missions.identity.records import Account
from missions.identity.resolving import Resolver
from missions.identity.rolebook import Roles
from missions.identity.sessions import Sessions
from missions.identity.trail import Trail
from missions.presets import Preset
from missions.store.protocol import Store


class Identity:
    """Accounts, sessions, keys and roles of a city.

    Args:
        clock: the service's time, for the trail.
        wall: the computer's time, in which tokens age; the computer's own clock if left out.
    """

    def __init__(
        self,
        records: Store,
        preset: Preset,
        clock: Clock,
        *,
        wall: Clock | None = None,
        hashing: Hashing | None = None,
    ) -> None:
        self.book = Book(records, preset, clock, wall)
        self.hashing = hashing or Hashing()
        self.resolver = Resolver(self.book)
        self.sessions = Sessions(self.book, self.resolver, self.hashing)
        self.accounts = Accounts(self.book, self.sessions, self.hashing)
        self.keys = Keys(self.book)
        self.roles = Roles(self.book)
        self.trail = Trail(records)
        self.provider: Provider | None = None
        """The identity provider, where one is set."""

    def principal(self, token: str | None, address: str | None = None) -> Principal | None:
        """Who a token or key names, from where it comes; None for one that is not good."""
        return None if token is None else self.resolver.resolve(token, address)

    def principal_of(self, account: Account, session: str) -> Principal:
        """What an account may do in a session."""
        with self.book.records.view() as unit:
            return self.resolver.of_account(unit, account, session)

    def still_good(self, principal: Principal) -> bool:
        """Whether a principal's rights are what they were when its stream was opened."""
        return self.resolver.still_good(principal)

    async def until_bad(self, principal: Principal) -> None:
        """Return once `still_good` is false: at a change in this process at once, at one by another
        process within 2 s. Sockets and event streams run it beside and close when it returns."""
        await self.resolver.until_bad(principal)

    async def run(self) -> None:
        """What goes on beside: news of changes by other processes, last uses; until cancelled."""
        await self.resolver.run()
