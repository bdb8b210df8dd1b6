"""Parameters that many endpoints share."""

from typing import Annotated

from fastapi import Path, Query

After = Annotated[
    str | None, Query(max_length=200, description="cursor: `next` of the page before")
]
Limit = Annotated[int, Query(ge=1, le=500, description="most items of a page")]
Id = Annotated[str, Path(min_length=1, max_length=80)]
