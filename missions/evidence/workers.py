"""What the pool's workers do for media."""

from missions.evidence.privacy import CopyJob, make_copy
from missions.operations.shelf import Shelf
from missions.operations.spotting import loaded


def copied(job: CopyJob, shelf: Shelf) -> tuple[bytes, int]:
    """A protected copy, with the shelf's detectors of people and plates; see `make_copy`."""
    return make_copy(job, loaded(shelf).for_privacy())
