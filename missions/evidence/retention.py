"""Photographs are let go when their time is over: what is due, when, and by which rule.

The rules are data (`missions/catalog/retention.yaml`); `deletions` carries them out so that a crash
leaves nothing half done.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from imagery.catalog import Medium, MediumState
from missions.access import Audience
from missions.catalog.retention import RetentionRule, RetentionRules, load_retention
from missions.evidence import deletions
from missions.evidence.holds import held
from missions.media.desk import Desk
from missions.store.protocol import Between, Unit

_PAGE = 1000
_STATES = (MediumState.KEPT, MediumState.DROPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A medium whose time comes.

    Attributes:
        at: when it may be deleted; held: why it is not, "" when it will be.
    """

    medium: Medium
    rule: RetentionRule
    at: datetime
    held: str

    @property
    def why(self) -> str:
        """The rule in words, for the tombstone."""
        dropped = self.medium.state is MediumState.DROPPED
        days = (self.rule.dropped if dropped else self.rule.originals).days
        what = "of no use, " if dropped else ""
        return f"{self.rule.id}: {what}{days} days from receipt ({self.rule.reason})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What a run deleted (or would), and what it left because it is held."""

    deleted: int
    bytes: int
    held: int


class Retention:
    """Keeps to the rules."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.rules: RetentionRules = desk.preset.retention or load_retention(
            desk.preset.scenarios, strict=False
        )

    def due(
        self, *, until: datetime, audience: Audience = None, after: str | None = None
    ) -> Iterator[Due]:
        """Media whose time is over by then, in the order of arrival, with those that are held.

        Args:
            audience: only what this department sees. after: continue behind this medium.
        """
        with self._desk.view() as unit:
            kept = held(unit, self.rules, self._desk.now())
            for medium in self._old(unit, until - self.rules.shortest, audience, after):
                rule, at = self._end_of(medium)
                if at <= until:
                    yield Due(medium=medium, rule=rule, at=at, held=kept.get(medium.id, ""))

    def sweep(self, *, by: str = "service", apply: bool = True) -> Swept:
        """Delete what is due now; without ``apply`` only count it.

        Raises:
            Unavailable: the media folder does not answer; `recover` finishes what was ordered.
        """
        now = self._desk.now()
        total = Swept(deleted=0, bytes=0, held=0)
        batch: dict[str, str] = {}
        for due in self.due(until=now):
            total = _counted(total, due)
            if due.held:
                continue
            batch[due.medium.id] = due.why
            if len(batch) == deletions.BATCH:
                self._delete(batch, by, now, apply)
                batch = {}
        self._delete(batch, by, now, apply)
        return total

    def recover(self) -> int:
        """Finish deletions that a killed process had ordered; returns how many."""
        return deletions.recover(self._desk.records, self._desk.media, at=self._desk.now())

    def _delete(self, reasons: Mapping[str, str], by: str, now: datetime, apply: bool) -> None:
        if apply and reasons:
            deletions.delete(self._desk.records, self._desk.media, reasons, by=by, at=now)

    def _old(
        self, unit: Unit, before: datetime, audience: Audience, after: str | None
    ) -> Iterator[Medium]:
        while page := unit.media.find(
            audience=audience,
            state=_STATES,
            received_at=Between(None, before),
            after=after,
            limit=_PAGE,
        ):
            yield from page
            after = page[-1].id

    def _end_of(self, medium: Medium) -> tuple[RetentionRule, datetime]:
        """Counted from the receipt: a camera's clock may be years off."""
        rule = self.rules.of(medium.scenarios)
        span: timedelta = rule.originals
        if medium.state is MediumState.DROPPED:
            span = min(rule.dropped, rule.originals)
        return rule, medium.received_at + span


def _counted(total: Swept, due: Due) -> Swept:
    if due.held:
        return Swept(deleted=total.deleted, bytes=total.bytes, held=total.held + 1)
    return Swept(
        deleted=total.deleted + 1, bytes=total.bytes + due.medium.size_bytes, held=total.held
    )
