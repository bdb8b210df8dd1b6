"""What the work with evidence needs, in the service or beside it on the command line."""

from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from core.clock import Clock
from imagery.storage import MediaFolder
from missions.operations.room import ControlRoom
from missions.operations.shelf import Shelf
from missions.presets import Preset
from missions.store.protocol import Store, Unit

NONE = Shelf()


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Records, files and helpers.

    Attributes:
        home: folder of the service; the evidence key is in it.
        pool: for decoding and drawing; threads will do.
        shelf: trained detectors; those for people and plates are used for protected copies.
    """

    preset: Preset
    records: Store
    media: MediaFolder
    clock: Clock
    home: Path
    pool: Executor
    shelf: Shelf = NONE

    @classmethod
    def of(cls, room: ControlRoom) -> "Desk":
        """The desk of a running service."""
        return cls(
            preset=room.preset,
            records=room.records,
            media=room.media,
            clock=room.clock,
            home=room.logs.parent if room.logs else Path(),
            pool=room.pool,
            shelf=room.detectors,
        )

    @property
    def key_file(self) -> Path:
        """The key that bundles are signed with; only its owner may read it."""
        return self.home / "evidence-key.pem"

    def now(self) -> datetime:
        """The service's time."""
        return self.clock.now()

    def unit(self) -> AbstractContextManager[Unit]:
        """A unit of work on the records."""
        return self.records.unit()

    def view(self) -> AbstractContextManager[Unit]:
        """A reading look at the records."""
        return self.records.view()
