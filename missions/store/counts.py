"""What is counted along with what is stored: the keys of counts, and what a store does with them.

A tally is a row of whole numbers under a key: what is counted, for which day or month, whose, where
and of which kind. A cell is such a row for a square of the map. Both only ever change by
differences, so that they stay exactly what a scan of everything would count; what the numbers of a
row mean is known to whoever counts (`missions.statistics`).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol


class TallyKey(NamedTuple):
    """Under which a row of counts is kept.

    Attributes:
        subject: what is counted, such as "cases".
        grain: "d" for a day, "m" for a month; on a day "c" for the whole city, "D" for a
            department, "P" for a place, "K" for a kind alone.
        bucket: "2026-05-12" or "2026-05"; the city's own calendar.
        department, place, kind: "" where the count is not divided so.
    """

    subject: str
    grain: str
    bucket: str
    department: str = ""
    place: str = ""
    kind: str = ""


class CellKey(NamedTuple):
    """A square of the web map: 2**level of them lie round the equator, counted from the north-west.

    Attributes:
        department: who may see what is counted; "" for everybody's.
        county: id; "" outside all.
    """

    level: int
    y: int
    x: int
    department: str
    county: str


Counts = Sequence[int]
"""The numbers of a row; below 2**31 in a tally, below 2**63 in a cell."""


class Box(NamedTuple):
    """Squares of one level, borders included."""

    level: int
    west: int
    north: int
    east: int
    south: int


EVERYWHERE = Box(-1, 0, 0, 0, 0)
"""All squares of all levels."""


class Tallies(Protocol):
    """All counts, within a unit."""

    def add(self, changes: Mapping[TallyKey, Counts]) -> None:
        """Add differences to rows; a row that is not there begins at nought.

        Raises:
            OverflowError: a count leaves 32 bits.
        """
        ...

    def add_cells(self, changes: Mapping[CellKey, Counts]) -> None:
        """Add differences to cells: open, all, and the sums of open and of all longitudes and
        latitudes in millionths of a degree."""
        ...

    def read(
        self, subject: str, grain: str, low: str, high: str, *, department: str | None = None
    ) -> list[tuple[TallyKey, bytes]]:
        """The rows of some buckets, ends included, with their counts as 32-bit numbers."""
        ...

    def cells(
        self, box: Box, department: str | None, counties: Collection[str] | None
    ) -> list[tuple[CellKey, Counts]]:
        """The cells of a part of the map, as one department may see them ("" for everybody, None
        for each of them); of all counties for None."""
        ...

    def everything(self) -> Iterator[tuple[TallyKey, Counts]]:
        """Every row of counts."""
        ...

    def clear(self) -> None:
        """Forget all counts."""
        ...
