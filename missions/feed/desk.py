"""The change feed as the service offers it."""

from collections.abc import Sequence

from core.clock import Clock, SystemClock
from missions.access import Principal
from missions.feed.reading import FeedPage, Reader, swept
from missions.feed.rules import FeedRules, feed_rules
from missions.feed.sweeping import sweep
from missions.feed.tail import Tail
from missions.store.protocol import Store


class Feed:
    """Pages of changes, and their end for those who follow it."""

    def __init__(
        self, records: Store, *, rules: FeedRules | None = None, clock: Clock | None = None
    ) -> None:
        self._records = records
        self._reader = Reader(records)
        self._clock = clock or SystemClock()
        self.rules = rules or feed_rules()
        self.tail = Tail(records)
        """For streams: what is new, read once for all."""

    def page(
        self, p: Principal, *, after: int = 0, limit: int = 100, kinds: Sequence[str] = ()
    ) -> FeedPage:
        """What the caller may know of what changed behind a number.

        Raises:
            Swept: what came next is not kept any more.
            InvalidInput: an unknown kind.
        """
        return self._reader.page(p, after=after, limit=limit, kinds=kinds)

    def head(self) -> int:
        """The number of the newest change."""
        return self._reader.head()

    def place_of_alert(self, p: Principal, alert_id: str) -> int:
        """The number of the change that brought an alert.

        Raises:
            NotFound: no such alert for the caller.
            Swept: its change is no longer kept.
        """
        with self._records.view() as unit:
            p.checked(unit.alerts.get(alert_id))
            found = unit.changes.find(kind="alerts", subject=alert_id, limit=1)
            if not found:
                raise swept(f"changes since {alert_id} are no longer kept")
            return found[0].seq

    def sweep(self) -> tuple[int, int]:
        """Let go of what is older than the rules say; how many changes and deliveries went."""
        return sweep(self._records, self.rules, self._clock.now())
