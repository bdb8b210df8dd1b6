"""How long changes are kept and how patient webhooks are: `feed.yaml`, read strictly."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

from missions.catalog.fields import read_yaml

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRules:
    """Rules of the feed and its webhooks.

    Attributes:
        keep_changes, keep_deliveries: from writing down to sweeping away.
        batch: most changes in one message.
        timeout_s: for a whole attempt, from the look-up of the name to the end of the answer.
        answer_bytes: of an answer read at most.
        retry_first_s, retry_factor, retry_longest_s: the waits between attempts grow from the
            first by the factor up to the longest; each is shortened by up to half, by chance.
        give_up: a message that nobody takes for so long is parked.
        stop: a webhook that took nothing for so long is switched off.
        overlap: so long a replaced secret still signs.
    """

    keep_changes: timedelta
    keep_deliveries: timedelta
    batch: int
    timeout_s: float
    answer_bytes: int
    retry_first_s: float
    retry_factor: float
    retry_longest_s: float
    give_up: timedelta
    stop: timedelta
    overlap: timedelta

    def wait_s(self, tries: int, chance: float) -> float:
        """How long to wait after so many tries.

        Args:
            chance: from 0 to 1, evenly distributed ("equal jitter": half is fixed, so that a
                receiver that comes back is not met by every sender at once).
        """
        full = min(self.retry_longest_s, self.retry_first_s * self.retry_factor ** (tries - 1))
        return full * (0.5 + chance / 2)


def load_feed_rules(path: Path = HERE / "feed.yaml") -> FeedRules:
    """The rules of a file.

    Raises:
        InvalidInput: naming the field that is missing or out of bounds.
    """
    f = read_yaml(path)
    rules = FeedRules(
        keep_changes=timedelta(days=f.number("keep_changes_days", 0.01, 3660)),
        keep_deliveries=timedelta(days=f.number("keep_deliveries_days", 0.01, 3660)),
        batch=f.whole("batch", 1, 1000),
        timeout_s=f.number("timeout_s", 0.1, 120),
        answer_bytes=f.whole("answer_bytes", 0, 1_000_000),
        retry_first_s=f.number("retry_first_s", 0.01, 3600),
        retry_factor=f.number("retry_factor", 1, 10),
        retry_longest_s=f.number("retry_longest_s", 0.01, 86_400),
        give_up=timedelta(hours=f.number("give_up_hours", 0.001, 2400)),
        stop=timedelta(hours=f.number("stop_hours", 0.001, 24_000)),
        overlap=timedelta(hours=f.number("overlap_hours", 0, 2400)),
    )
    f.finish()
    return rules


@cache
def feed_rules() -> FeedRules:
    """The rules that come with FlyOnce."""
    return load_feed_rules()
