"""What one vehicle has on board: its stored plan and its failsafes, brought there and looked after.

Everything here runs under the vehicle's lock; whether the result may be armed is the business of
`fleet.uploads.custody`.
"""

from collections.abc import Awaitable
from typing import TypeVar

from core.errors import NotReady, ReadBackMismatch, TransferFailed
from fleet.helm import Helm
from fleet.messages import (
    Message,
    MissionAck,
    MissionCount,
    MissionCurrent,
    MissionRequest,
    ParamValue,
)
from fleet.plans.flightplan import FlightPlan, stored_plan
from fleet.plans.proof import Conditions, Proof, prove
from fleet.setup import failsafes
from fleet.setup.parameters import Parameters
from fleet.state import VehicleState
from fleet.uploads import courier
from fleet.uploads.courier import NotCleared
from fleet.uploads.custody import Custody
from fleet.uploads.gate import check_sendable

T = TypeVar("T")

REBOOTED_S = 3.0
"""A clock of the vehicle that goes back by so much was started anew; less is a packet out of
order."""


class OnBoard:
    """The stores and parameters of one vehicle.

    Attributes:
        custody: what may be believed of its stores.
        parameters: read, set and verified.
    """

    def __init__(self, helm: Helm) -> None:
        self._helm = helm
        self.custody = Custody()
        self.parameters = Parameters(helm.channel, helm.autopilot)
        self._transferring = False

    def observe(self, before: VehicleState, after: VehicleState, message: Message) -> None:
        """Look whether what was heard contradicts what is believed."""
        if before.boot_s is not None and (after.boot_s or 0.0) < before.boot_s - REBOOTED_S:
            self.custody.rebooted()
            self.parameters.forget()
        kind = type(message)
        if kind is ParamValue:
            self.parameters.heard(message)  # type: ignore[arg-type]
        elif not self._transferring and (
            kind in (MissionRequest, MissionAck, MissionCount) or self._miscounts(message)
        ):
            self.custody.touched()

    def _miscounts(self, message: Message) -> bool:
        """Whether it reports another number of items than we read."""
        plan = self.custody.plan
        if not isinstance(message, MissionCurrent) or plan is None or message.total is None:
            return False
        return message.total != plan.mission.last_seq

    async def upload(self, plan: FlightPlan) -> FlightPlan:
        """Through the gate; what is on board then.

        Raises:
            InvalidInput, TransferFailed, ReadBackMismatch.
        """
        helm = self._helm
        check_sendable(plan)
        if self.custody.plan is not None and not plan.differences(self.custody.plan):
            stored = await self.download()  # a flight that was put off: half the messages
            if not plan.differences(stored):
                return stored
        self.custody.opened()
        try:
            stored = await self._alone(courier.upload(helm.channel, helm.autopilot, plan))
        except NotCleared as why:
            self.custody.doubtful(f"an upload failed ({why.what}) and could not be cleared")
            raise
        except (TransferFailed, ReadBackMismatch):
            self.custody.emptied()
            raise
        self.custody.holds(stored, helm.channel.clock.now())
        return stored

    async def download(self) -> FlightPlan:
        """Ask it what it holds.

        Raises:
            TransferFailed. InvalidInput: its fence or rally points make no sense.
        """
        helm, known = self._helm, self.custody.plan
        items = await self._alone(courier.download(helm.channel, helm.autopilot))
        ceiling = known.fence.ceiling_m if known else None
        stored = stored_plan(items, ceiling)
        self.custody.holds(stored, helm.channel.clock.now())
        return stored

    async def clear(self) -> None:
        """Make it forget mission, fence and rally points.

        Raises:
            NotCleared: it did not confirm; it is not armed until it has.
        """
        self.custody.opened()
        await self._alone(courier.clear(self._helm.channel))
        self.custody.emptied()

    def prove(self, conditions: Conditions) -> Proof:
        """Prove what is on board.

        Raises:
            NotProven: it does not hold, item by item. NotReady: nothing is known to be on board.
        """
        if self.custody.plan is None:
            self.custody.require()
            raise NotReady("it is not known what is on board", remedy="upload, or download it")
        proof = prove(self.custody.plan, conditions)
        self.custody.proven(proof)
        return proof

    async def prepare(self) -> None:
        """Before the pre-arm check: there is a proof, and the failsafes that it names hold.

        Raises:
            NotReady: no proof, or it measures no battery.
            ParameterRefused, NotFound, CommandTimeout.
        """
        await self.establish(self.custody.require()[1])

    async def recheck(self) -> None:
        """The last look before arming: the proven plan is still there.

        Raises:
            NotReady: there is no proof any more, e.g. after a reboot.
            ReadBackMismatch: it holds something else by now; it was cleared. TransferFailed.
        """
        _, proof = self.custody.require()
        if not self.custody.fresh(self._helm.channel.clock.now()):
            await self._read_again(proof)
        self.custody.require()

    async def establish(self, proof: Proof) -> tuple[str, ...]:
        """Set and verify the failsafes of a proof; the names of those that had to be set."""
        make = self._helm.autopilot.name
        read = await self.parameters.sweep(failsafes.READ_FIRST[make], anew=False)
        known = {name: parameter.value for name, parameter in read.items()}
        return await self.parameters.hold(failsafes.wanted(make, proof.failsafes, known))

    async def _read_again(self, proof: Proof) -> None:
        plan = await self.download()
        if plan.digest == proof.digest:
            return
        self.custody.opened()
        try:
            await self.clear()
        except NotCleared as why:
            self.custody.doubtful(f"it holds a plan that is not ours: {why.what}")
        raise ReadBackMismatch(
            "it no longer holds the plan that was proven",
            where=self._helm.channel.name,
            remedy="see who else uploads to it, then upload it again",
        )

    async def _alone(self, transfer: Awaitable[T]) -> T:
        """Run a transfer; what is heard of the mission protocol meanwhile is its own."""
        self._transferring = True
        try:
            return await transfer
        finally:
            self._transferring = False
