"""What we may believe of a vehicle's stored plan, and so whether it may be armed. Pure.

A plan counts as being on board only while everything that was heard agrees with it: an upload
under way, a reboot or a failure withdraw it, and signs that somebody else touches the store make
it stale until it is read again. A program that has just started knows nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from core.errors import NotReady
from fleet.plans.flightplan import FlightPlan
from fleet.plans.proof import Proof

FRESH_S = 2.0
"""A read-back that is older than so many seconds of the vehicle's clock is repeated before arming:
another ground station may have been at it, and its uploads are not always heard here."""


@dataclass
class Custody:
    """The book on one vehicle's store.

    Attributes:
        plan: what is on board, read back and compared (or downloaded); None: not known.
        proof: what has been proven of exactly that plan.
        unarmable: why nothing on board may be armed, whatever it is; None: nothing known against.
        uploaded: whether this program brought the plan on board, or only read it.
    """

    plan: FlightPlan | None = None
    proof: Proof | None = None
    unarmable: str | None = None
    uploaded: bool = False
    _read_at: datetime | None = None

    def opened(self) -> None:
        """An upload or a clear begins: until it has ended well the store is in no known state."""
        self._forget()
        self.uploaded = True
        self.unarmable = "an upload was begun and not finished; what it holds may be a mix"

    def holds(self, plan: FlightPlan, at: datetime) -> None:
        """It was read and is whole. A proof of the same content stays good."""
        if self.proof is not None and self.proof.digest != plan.digest:
            self.proof = None
        self.plan, self._read_at, self.unarmable = plan, at, None

    def emptied(self) -> None:
        """It confirmed that nothing is left."""
        self._forget()
        self.unarmable = None

    def doubtful(self, why: str) -> None:
        """It holds something that nobody knows, and could not be cleared."""
        self._forget()
        self.unarmable = why

    def rebooted(self) -> None:
        """Stores persist, but what was under way did not: read it and prove it anew."""
        self._forget()

    def touched(self) -> None:
        """A sign that somebody uploads to it: read it again before it is armed."""
        self._read_at = None

    def fresh(self, now: datetime) -> bool:
        """Whether the read-back is young enough to arm upon."""
        return self._read_at is not None and (now - self._read_at).total_seconds() <= FRESH_S

    def proven(self, proof: Proof) -> None:
        """Take over a proof.

        Raises:
            NotReady: it proves another plan than the one on board.
        """
        if self.plan is None or proof.digest != self.plan.digest:
            raise NotReady(
                "the proof is of another plan than the one on board",
                remedy="prove what was read back",
            )
        self.proof = proof

    def require(self) -> tuple[FlightPlan, Proof]:
        """The plan that may be armed, and its proof.

        Raises:
            NotReady: there is none, and why.
        """
        if self.unarmable is not None:
            raise NotReady(self.unarmable, remedy="upload again, or clear it, before arming")
        if self.plan is None or len(self.plan.mission.items) < 2:
            raise NotReady(
                "no proven mission is stored on it", remedy="upload one, or download what it holds"
            )
        if self.proof is None or self.proof.digest != self.plan.digest:
            raise NotReady(
                "no proven mission is stored on it: what it holds has not been checked against "
                "fence, zones, ground and energy",
                remedy="prove it, then launch",
            )
        return self.plan, self.proof

    def require_in_flight(self) -> None:
        """Whether a mission may be (re-)entered in the air.

        One that was uploaded in the air must have been proven; one that it flew already when this
        program started was proven before it took off.

        Raises:
            NotReady: it was uploaded and not proven, or is in no known state.
        """
        if self.uploaded:
            self.require()

    def _forget(self) -> None:
        self.plan = self.proof = self._read_at = None
