"""What the pool's workers do for media."""

from imagery.detectors.folder import NONE, Detectors
from missions.media.privacy import CopyJob, make_copy
from missions.operations import examine


def copied(job: CopyJob) -> tuple[bytes, int]:
    """A protected copy, with the detectors that this worker has loaded; see `make_copy`."""
    detectors: Detectors = getattr(examine._bench, "detectors", NONE)
    return make_copy(job, detectors.for_privacy())
