"""Answers kept by idempotency key: a write that is sent twice is done once.

The key is reserved in a unit of its own before the use case runs. Its outcome comes in two steps:
with the use case's own unit goes the word that something was written (`Attempt.leaving`, in the
same transaction), and after it the answer. A process that dies between the two has written, and
nobody knows what it would have answered: whoever asks again is told exactly that, and nothing is
run twice. A request that was refused has done nothing, and its key is free again.

The manners are those of draft-ietf-httpapi-idempotency-key-header-07.
"""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import uuid4

from core.clock import Clock, SystemClock
from core.errors import IllegalTransition, InvalidInput
from missions.access import Principal
from missions.store.protocol import Between, Store, Unit
from missions.store.records import Answer, AnswerRecord

KEPT = timedelta(hours=48)
"""So long an answer is kept; a machine that repeats later than that asks anew."""
LONGEST_KEY = 200
LARGEST = 256 * 1024
"""Characters of an answer that are kept; of a longer one only that it was given."""
SWEPT_AT_ONCE = 1000


class KeyReused(InvalidInput):
    """An idempotency key came with another request than the first time."""


class StillRunning(IllegalTransition):
    """The first request with this key is not answered yet."""


class OutcomeUnknown(IllegalTransition):
    """The first request with this key began, and the service stopped before its answer."""


class Answers:
    """The keys of one run of the service. Keys age in the computer's own time."""

    def __init__(self, records: Store, clock: Clock | None = None) -> None:
        self._records = records
        self._clock = clock or SystemClock()
        self._process = uuid4().hex

    def begin(self, p: Principal, key: str, digest: str, address: str) -> "Answer | Attempt":
        """The answer that the key has had, or the attempt that is now to be made.

        Raises:
            InvalidInput: the key is empty or too long.
            KeyReused: the key came with another request before.
            StillRunning: the first request is being worked on.
            OutcomeUnknown: it began, and the service died before the answer was kept.
        """
        checked_key(key)
        now = self._clock.now()
        made = AnswerRecord(
            id=scoped(p, key),
            digest=digest,
            address=address,
            by=p.name,
            process=self._process,
            begun_at=now,
            expires_at=now + KEPT,
        )
        with self._records.unit() as unit:
            if unit.answers.exists(made.id):
                before = unit.answers.get(made.id)
                if before.expires_at > now:
                    return self._before(before, digest)
                unit.answers.remove(made.id)
            unit.answers.add(made)
        return Attempt(made, self._records, self._clock)

    def _before(self, before: AnswerRecord, digest: str) -> Answer:
        if before.digest != digest:
            raise KeyReused(
                f"this key was used for another request: {before.address} at {_at(before)}",
                where="Idempotency-Key",
                remedy="use a new key (a UUID) for a new request",
            )
        if before.answer is not None:
            return before.answer
        if before.process == self._process:
            raise StillRunning(
                f"{before.address} with this key began at {_at(before)} and is not done yet",
                where="Idempotency-Key",
                remedy="send it again in a moment: you will get its answer",
            )
        wrote = "something was written" if before.wrote_at else "nothing was known to be written"
        raise OutcomeUnknown(
            f"{before.address} with this key began at {_at(before)} and its outcome was not "
            f"recorded; {wrote} when the service stopped",
            where="Idempotency-Key",
            remedy="look whether it was done; if it was not, send it again with a new key",
        )

    def sweep(self) -> int:
        """Let go of keys that are too old; says how many there were."""
        now = self._clock.now()
        with self._records.unit() as unit:
            old = unit.answers.find(expires_at=Between(high=now), limit=SWEPT_AT_ONCE)
            for record in old:
                unit.answers.remove(record.id)
        return len(old)


@dataclass(slots=True)
class Attempt:
    """The one try that a key stands for; it goes along with the use case's own unit."""

    record: AnswerRecord
    records: Store
    clock: Clock
    wrote_at: datetime | None = field(default=None)

    def entering(self, unit: Unit) -> None:
        """Nothing to look at first."""

    def leaving(self, unit: Unit) -> None:
        """Say in the use case's own transaction that it wrote."""
        self.wrote_at = self.clock.now()
        unit.answers.put(replace(self.record, wrote_at=self.wrote_at))

    def done(self, answer: Answer) -> None:
        """Keep the answer."""
        if answer.body is not None and len(answer.body) > LARGEST:
            answer = replace(answer, body=None)
        with self.records.unit() as unit:
            kept = replace(self.record, wrote_at=self.wrote_at, answer=answer)
            unit.answers.put(kept)

    def release(self) -> None:
        """The request was refused: the key is free again."""
        with self.records.unit() as unit:
            if unit.answers.exists(self.record.id):
                unit.answers.remove(self.record.id)


def checked_key(key: str) -> str:
    """A key as it may be. Raises InvalidInput."""
    if not 0 < len(key) <= LONGEST_KEY:
        raise InvalidInput(
            f"an idempotency key has 1 to {LONGEST_KEY} characters",
            where="Idempotency-Key",
            remedy="use a UUID for each new request",
        )
    return key


def scoped(p: Principal, key: str) -> str:
    """Nobody meets the keys of somebody else."""
    who = (p.id, str(p.role), p.name, p.department or "", ",".join(sorted(p.counties or ())))
    text = "\n".join((*who, key))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _at(record: AnswerRecord) -> str:
    return record.begun_at.isoformat(timespec="seconds")
