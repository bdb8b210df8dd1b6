"""Which trained detectors a city has: checked once at start, loaded where they are needed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from imagery.detectors.card import Card
from imagery.detectors.folder import Refused, load_folder
from missions.catalog.model import EventType


@dataclass(frozen=True, slots=True)
class Shelved:
    """A detector that was proven to run.

    Attributes:
        name: of its file, without ending.
    """

    name: str
    card: Card
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Shelf:
    """A folder of detectors.

    Attributes:
        folder: "" for none.
        slots: (event type code, the catalogue's `detector`) of every type.
        models, refused: what the check at start found.
    """

    folder: str = ""
    slots: tuple[tuple[str, str], ...] = ()
    models: tuple[Shelved, ...] = ()
    refused: tuple[Refused, ...] = ()

    def __hash__(self) -> int:
        return hash((self.folder, self.slots))

    @property
    def event_types(self) -> frozenset[str]:
        """Codes that some model finds."""
        return frozenset(code for m in self.models for code in m.card.event_types)


def shelve(folder: Path | None, event_types: Mapping[str, EventType]) -> Shelf:
    """Check every detector of a folder by loading and trying it; bad ones are named, not fatal.

    Raises:
        InvalidInput: the folder is named and not there.
    """
    slots = tuple(sorted((code, kind.detector) for code, kind in event_types.items()))
    found = load_folder(folder, dict(slots))
    return Shelf(
        folder=str(folder) if folder else "",
        slots=slots,
        models=tuple(Shelved(m.stem, m.card, m.size_bytes) for m in found.models.values()),
        refused=found.refused,
    )
