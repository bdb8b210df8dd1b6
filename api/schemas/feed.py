"""Changes, webhooks and what was sent by them."""

from datetime import datetime

from pydantic import Field

from api.schemas.base import Model
from missions.feed.change import Change, What
from missions.feed.reading import FeedPage


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
