"""The upward exchange with a province's platform."""

from typing import Any

from pydantic import Field

from api.schemas.base import Model


class ExchangeOut(Model):
    """Changes of cases, the oldest first; see /exchange/schema for a line."""

    items: list[dict[str, Any]]
    next: str = Field(description="give it as `since` next time, also where nothing is new")
    more: bool = Field(description="whether there are more changes already")
    crs: str = "EPSG:4490"
