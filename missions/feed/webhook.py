"""A webhook and what was sent by it, as values; and how a message is signed.

Signatures are those of Standard Webhooks 1.0 (https://github.com/standard-webhooks): HMAC-SHA256
over ``id.timestamp.body`` with the secret's bytes, as ``v1,<base64>``; several, separated by
spaces, while a secret is being replaced.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from missions.access import Principal, Role

PREFIX = "whsec_"
_SECRET_BYTES = 32
"""Standard Webhooks asks for 24 to 64."""


class DeliveryState(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    PARKED = "parked"
    """Given up; it goes out again only when somebody says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A signing key; ends_at: until when it still signs beside its successor, None for the last."""

    value: str
    made_at: datetime
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where changes are sent.

    Attributes:
        kinds: the kinds of things told of; empty for all.
        department: whose rights decide what is told; "" for everything in the city.
        counties: ids of the only counties told of; None for all.
        position: number of the last change that was dealt with.
        failing_since: of the first attempt since which none worked; None while it works.
        stopped: why it is not active; "" while it is, or when a person switched it off.
    """

    id: str
    url: str
    description: str
    kinds: tuple[str, ...]
    department: str
    counties: tuple[str, ...] | None
    by: str
    made_at: datetime
    secrets: tuple[Secret, ...]
    position: int
    active: bool = True
    failing_since: datetime | None = None
    stopped: str = ""

    @property
    def reader(self) -> Principal:
        """Who reads the feed for it."""
        counties = None if self.counties is None else frozenset(self.counties)
        return Principal(
            name=f"webhook {self.id}",
            role=Role.MEMBER if self.department else Role.AUDITOR,
            department=self.department or None,
            counties=counties,
        )

    def signing(self, now: datetime) -> tuple[str, ...]:
        """The secrets that sign at a time, the newest first."""
        good = [s for s in self.secrets if s.ends_at is None or s.ends_at > now]
        return tuple(s.value for s in reversed(good))


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try; status: the HTTP status that came back, None where none did."""

    at: datetime
    status: int | None
    error: str
    took_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message, with the same id and body however often it is sent.

    Attributes:
        first, last: numbers of the feed between which its changes lie; 0 for a test message.
        tries: how often it was sent; attempts: the latest of these.
        next_at: when it is due; None once it is not pending.
        once: it was parked and is tried just once more.
    """

    id: str
    webhook_id: str
    first: int
    last: int
    body: str
    made_at: datetime
    state: DeliveryState = DeliveryState.PENDING
    tries: int = 0
    attempts: tuple[Attempt, ...] = ()
    next_at: datetime | None = None
    once: bool = False


def new_secret() -> str:
    """A secret as Standard Webhooks writes it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def headers(
    message_id: str, at: datetime, body: bytes, signing: tuple[str, ...]
) -> Mapping[str, str]:
    """The headers that a message goes out with."""
    timestamp = str(int(at.timestamp()))
    content = f"{message_id}.{timestamp}.".encode() + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(_signature(secret, content) for secret in signing),
        "content-type": "application/json",
    }


def _signature(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
