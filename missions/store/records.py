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
