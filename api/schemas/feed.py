"""Changes, webhooks and what was sent by them."""

from datetime import datetime
from typing import Any

from pydantic import Field

from api.schemas.base import Body, Model
from missions.feed.change import Change, What
from missions.feed.reading import FeedPage
from missions.feed.webhook import Delivery, DeliveryState, Webhook


class ChangeOut(Model):
    """One change of one thing; `withdrawn` means that the caller may no longer see it."""

    seq: int = Field(description="the change's number; numbers rise")
    at: datetime = Field(description="when it was kept, by the computer's own clock")
    kind: str
    id: str = Field(description="of the thing")
    what: What
    state: str | None = Field(description="of the thing after the change")
    department: str | None
    shared_with: list[str]
    county: str | None
    path: str | None = Field(description="where the thing can be read, if it has such a place")

    @classmethod
    def from_entity(cls, change: Change) -> "ChangeOut":
        return cls.model_validate(change.told())


class FeedOut(Model):
    """A part of the feed; `next` is what to give as `after`: nothing before it is missing."""

    items: list[ChangeOut]
    next: int
    more: bool = Field(description="whether there is more behind it already")

    @classmethod
    def of(cls, page: FeedPage) -> "FeedOut":
        items = [ChangeOut.from_entity(change) for change in page.items]
        return cls(items=items, next=page.next, more=page.more)


class WebhookIn(Body):
    """Where changes are to be sent."""

    url: str = Field(
        min_length=1, max_length=2000, examples=["https://hooks.example.gov/flyonce"],
        description="https; a receiver inside must be named in FLYONCE_WEBHOOK_ALLOW",
    )  # fmt: skip
    description: str = Field("", max_length=200)
    kinds: tuple[str, ...] = Field((), max_length=20, description="left out: every kind")
    department: str | None = Field(
        None, max_length=80, description="whose rights it has; an administrator's: left out for all"
    )


class WebhookChange(Body):
    """What is to be different; what is left out stays."""

    url: str | None = Field(None, min_length=1, max_length=2000)
    description: str | None = Field(None, max_length=200)
    kinds: tuple[str, ...] | None = Field(None, max_length=20)
    active: bool | None = None


class WebhookOut(Model):
    """A webhook; its secret is shown only where it is made."""

    id: str
    url: str
    description: str
    kinds: list[str]
    department: str | None = Field(description="null: everything in the city")
    counties: list[str] | None = Field(description="null: all")
    by: str
    made_at: datetime
    active: bool
    stopped: str | None = Field(description="why it was switched off by itself")
    failing_since: datetime | None
    position: int = Field(description="number of the last change that was dealt with")
    secrets: int = Field(description="how many secrets sign now: 2 while one is being replaced")

    @classmethod
    def from_entity(cls, webhook: Webhook, now: datetime) -> "WebhookOut":
        return cls(**_shown(webhook, now))


class WebhookMade(WebhookOut):
    """A webhook with its secret, shown this once."""

    secret: str

    @classmethod
    def made(cls, webhook: Webhook, now: datetime) -> "WebhookMade":
        return cls(**_shown(webhook, now), secret=webhook.secrets[-1].value)


def _shown(w: Webhook, now: datetime) -> dict[str, Any]:
    return {
        "id": w.id,
        "url": w.url,
        "description": w.description,
        "kinds": list(w.kinds),
        "department": w.department or None,
        "counties": None if w.counties is None else list(w.counties),
        "by": w.by,
        "made_at": w.made_at,
        "active": w.active,
        "stopped": w.stopped or None,
        "failing_since": w.failing_since,
        "position": w.position,
        "secrets": len(w.signing(now)),
    }


class AttemptOut(Model):
    """One try; nothing of an answer but its status is kept."""

    at: datetime
    status: int | None
    error: str | None
    took_ms: int


class DeliveryOut(Model):
    """A message; `id` is its `webhook-id`, the same at every try."""

    id: str
    state: DeliveryState
    first: int
    last: int
    made_at: datetime
    tries: int
    next_at: datetime | None
    attempts: list[AttemptOut]

    @classmethod
    def from_entity(cls, d: Delivery) -> "DeliveryOut":
        return cls(
            id=d.id,
            state=d.state,
            first=d.first,
            last=d.last,
            made_at=d.made_at,
            tries=d.tries,
            next_at=d.next_at,
            attempts=[
                AttemptOut(at=a.at, status=a.status, error=a.error or None, took_ms=a.took_ms)
                for a in d.attempts
            ],
        )
