"""What only the store's users need: idempotency keys and the hashes of API tokens."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """An idempotency key that was used.

    Attributes:
        id: the key, scoped to who used it.
        entity_id: what the first call made.
        digest: SHA-256 of what the first call asked, so that a key is not used for two things.
    """

    id: str
    entity_id: str
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a request was answered; ``body`` is None where it was too long to keep."""

    status: int
    headers: Mapping[str, str]
    body: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRecord:
    """An idempotency key in use, and the answer that it stands for.

    Attributes:
        id: SHA-256 of who used the key, and the key.
        digest: SHA-256 of the request: method, address, query and body.
        address: method and path, to tell of.
        process: which run of the service took the request.
        wrote_at: when the use case's first unit was kept; None if it was not.
        answer: None until it is known.
    """

    id: str
    digest: str
    address: str
    by: str
    process: str
    begun_at: datetime
    expires_at: datetime
    wrote_at: datetime | None = None
    answer: Answer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRecord:
    """An API token, known by its hash alone.

    Attributes:
        id: SHA-256 of the token, hexadecimal.
        role, department, counties: as in `missions.access.Principal`.
        permissions: those of the role that the key has; None for all of them.
        expires_at: from when it is no longer good; None for never.
        addresses: networks that it may be used from; none for any.
        last_used_at: to the minute or so.
        revoked_at: since when it is no longer good.
    """

    id: str
    name: str
    role: str
    department: str | None
    made_at: datetime
    revoked_at: datetime | None = None
    counties: tuple[str, ...] | None = None
    permissions: tuple[str, ...] | None = None
    expires_at: datetime | None = None
    addresses: tuple[str, ...] = ()
    made_by: str = ""
    last_used_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseRecord:
    """Who may do what only one process may do at a time.

    Attributes:
        id: what the lease is for.
        holder: who has or had it: computer and home folder.
        fence: grows by one whenever it changes hands or is taken anew; what was begun under a
            lower number is refused.
        renewals: grows with every renewal, so that others see the holder live without comparing
            two computers' clocks.
        ttl_s: so long without a renewal, and others may take it, seconds.
        expires_at: when that is by the holder's clock, for people to read.
        released: the holder has let go of it.
    """

    id: str
    holder: str
    fence: int
    renewals: int
    ttl_s: float
    expires_at: datetime
    released: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """A job of the schedule and when it runs next.

    Attributes:
        id: the job's name.
        trigger: the trigger in words; another one in the code begins anew from the present.
        next_run_at: when it is due next, by the service's time; None when never again.
    """

    id: str
    trigger: str
    next_run_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRun:
    """One run of a job. Only one process can claim it: the id is the job and when it was due.

    Attributes:
        due, started_at, ended_at: by the service's time.
        outcome: "running", "done", "failed" or "interrupted" (its process ended before it did).
        attempt: 1, more where it was begun again after an interruption.
        missed: earlier due times that this run makes up for.
    """

    id: str
    job: str
    due: datetime
    holder: str
    fence: int
    started_at: datetime
    ended_at: datetime | None = None
    outcome: str = "running"
    attempt: int = 1
    missed: int = 0
