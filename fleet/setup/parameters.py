"""Parameters of one vehicle: read, set, and seen to hold. Nothing set is believed unread.

A sweep asks for many at once and waits for all; what was lost is asked for again. Names are the
newest; a vehicle that does not know one is asked for its older names (`fleet.setup.param_values`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.errors import CommandTimeout, FlyOnceError, InvalidInput, NotFound, VehicleError
from fleet.autopilots import Autopilot
from fleet.channel import Channel, Inbox
from fleet.messages import (
    Message,
    ParamError,
    ParamRequest,
    ParamRequestList,
    ParamSet,
    ParamValue,
)
from fleet.patience import ClockStandsStill, Deadline, patiently
from fleet.setup.param_values import raw_of, same, value_of, variants
from fleet.vocabulary import param_sentence

WAITS_S = (1.5, 2.0, 3.0, 5.0, 8.0)
"""How long each attempt of a sweep waits for what is still missing, seconds of the clock."""

LIST_SILENCE_S = 2.0
"""Silence that ends a full download's burst; what is missing is then asked for by name."""

DOES_NOT_EXIST = 1

Names = set[str]
"""Names that a vehicle was found not to know."""


class ParameterRefused(VehicleError):
    """The vehicle did not take a parameter, or took another value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter as the vehicle holds it.

    Attributes:
        name: as this vehicle calls it.
        factor: its value there is ours times this (a renamed one in centimetres: 100).
        value: in our unit.
        kind: MAV_PARAM_TYPE.
    """

    name: str
    factor: float
    value: float
    kind: int


class Parameters:
    """The parameters of one vehicle.

    What was verified is remembered and not asked for again until the vehicle was switched off, or
    says by itself that a value is another (ArduPilot tells everybody when somebody sets one).
    """

    def __init__(self, channel: Channel, autopilot: Autopilot) -> None:
        self._channel = channel
        self._bytewise = autopilot.bytewise_parameters
        self._held: dict[str, Parameter] = {}
        self._asking = 0

    def forget(self) -> None:
        """It was switched off: nothing that was read counts any more."""
        self._held.clear()

    def heard(self, message: ParamValue) -> None:
        """A value that nobody of us asked for: somebody else may have set it."""
        if self._asking:
            return
        for wanted, held in tuple(self._held.items()):
            if held.name == message.name and not self._still(wanted, held, message):
                del self._held[wanted]

    def _still(self, wanted: str, held: Parameter, message: ParamValue) -> bool:
        """Whether a report agrees with what is held; one of an impossible type does not."""
        try:
            return same(self._parsed(wanted, message).value, held.value)
        except InvalidInput:
            return False

    async def read(self, name: str) -> float:
        """One value.

        Raises:
            NotFound: it has none of this name, old or new. CommandTimeout.
        """
        return (await self.sweep([name]))[name].value

    async def sweep(self, names: Iterable[str], *, anew: bool = True) -> dict[str, Parameter]:
        """Many values at once.

        Args:
            anew: ask even for what was verified before.

        Raises:
            NotFound: it has none of a name, old or new. CommandTimeout.
        """
        found = {} if anew else {n: self._held[n] for n in names if n in self._held}
        missing = [n for n in dict.fromkeys(names) if n not in found]
        unknown: Names = Names()
        self._asking += 1
        try:
            with self._channel.listening(ParamValue, ParamError) as inbox:
                for attempt, seconds in enumerate(WAITS_S):
                    self._ask(missing, unknown, late=attempt > 0)
                    await self._gather(inbox, missing, unknown, found, seconds)
                    if not missing:
                        break
        finally:
            self._asking -= 1
        self._complain(missing, unknown)
        self._held.update(found)
        return found

    async def read_all(self) -> dict[str, Parameter]:
        """Everything, by the vehicle's own names.

        Raises:
            CommandTimeout: it tells none, or keeps some to itself.
        """
        found: dict[str, Parameter] = {}
        count = None
        self._asking += 1
        try:
            with self._channel.listening(ParamValue) as inbox:
                for _ in WAITS_S:
                    self._channel.send(ParamRequestList())
                    count = await self._burst(inbox, found) or count
                    if count is not None and len(found) >= count:
                        return found
        finally:
            self._asking -= 1
        raise CommandTimeout(
            f"it told {len(found)} of {count if count is not None else 'its'} parameters",
            where=self._channel.name,
            remedy="see whether it is still heard, then try again",
        )

    async def set(self, name: str, value: float) -> None:
        """Set one and read it back.

        Raises:
            InvalidInput: the value is no number or does not fit its type.
            ParameterRefused: it kept another value, and why. NotFound, CommandTimeout.
        """
        await self.hold({name: value}, anew=True)

    async def hold(self, wanted: Mapping[str, float], *, anew: bool = False) -> tuple[str, ...]:
        """See to it that the vehicle holds these; return the names of those that had to be set.

        Raises:
            InvalidInput, ParameterRefused, NotFound, CommandTimeout: as `set`.
        """
        known = await self.sweep(wanted, anew=anew)
        changed = [n for n, value in wanted.items() if not _agrees(known[n], value)]
        if not changed:
            return ()
        said = await self._write({n: (known[n], wanted[n]) for n in changed})
        after = await self.sweep(changed)
        wrong = [n for n in changed if not _agrees(after[n], wanted[n])]
        if wrong:
            for name in wrong:
                self._held.pop(name, None)
            raise self._refusal(wrong, wanted, after, said)
        return tuple(changed)

    async def _write(self, wanted: Mapping[str, tuple[Parameter, float]]) -> dict[str, str]:
        """Send the values, repeat until each was answered; what it said against them, by name."""
        orders = {
            p.name: ParamSet(name=p.name, raw=self._raw(p, value), kind=p.kind)
            for p, value in wanted.values()
        }
        said: dict[str, str] = {}
        self._asking += 1
        try:
            with self._channel.listening(ParamValue, ParamError) as inbox:
                for seconds in WAITS_S:
                    for order in orders.values():
                        self._channel.send(order)
                    deadline = Deadline(self._channel.clock, seconds)
                    while orders and (message := await self._next(inbox, deadline)):
                        if isinstance(message, ParamError):
                            said[message.name] = param_sentence(message.error)
                        if isinstance(message, ParamValue | ParamError):
                            orders.pop(message.name, None)
                    if not orders:
                        break
        finally:
            self._asking -= 1
        return said  # unanswered: reading back decides

    def _raw(self, held: Parameter, value: float) -> float:
        try:
            return raw_of(value * held.factor, held.kind, bytewise=self._bytewise)
        except InvalidInput as error:
            error.where = f"{self._channel.name}, {held.name}"
            raise

    def _ask(self, names: Iterable[str], unknown: Names, *, late: bool) -> None:
        """Ask for each by its newest name not known to be missing; later by older ones too,
        because firmware before 4.7 is silent about names that it does not know."""
        for name in names:
            open_names = [v for v, _ in variants(name) if v not in unknown]
            for variant in open_names if late else open_names[:1]:
                self._channel.send(ParamRequest(name=variant))

    async def _gather(
        self,
        inbox: Inbox,
        missing: list[str],
        unknown: Names,
        found: dict[str, Parameter],
        seconds: float,
    ) -> None:
        """Take in answers until nothing is missing, or for so long."""
        by_name = {v: n for n in missing for v, _ in variants(n)}
        deadline = Deadline(self._channel.clock, seconds)
        while not all(_hopeless(n, unknown) for n in missing):
            message = await self._next(inbox, deadline)
            if message is None:
                return
            name = by_name.get(getattr(message, "name", ""))
            if name not in missing:
                continue
            if isinstance(message, ParamValue):
                found[name] = self._parsed(name, message)
                missing.remove(name)
            elif isinstance(message, ParamError) and message.error == DOES_NOT_EXIST:
                unknown.add(message.name)
                self._ask([name], unknown, late=False)

    async def _burst(self, inbox: Inbox, found: dict[str, Parameter]) -> int | None:
        """Take in a download until it falls silent; how many there are."""
        count = None
        while True:
            try:
                message = await patiently(self._channel.clock, LIST_SILENCE_S, inbox.get())
            except TimeoutError:
                return count
            if isinstance(message, ParamValue):
                found[message.name] = self._parsed(message.name, message)
                count = message.count
                if len(found) >= count:
                    return count

    async def _next(self, inbox: Inbox, deadline: Deadline) -> Message | None:
        """The next answer; None when the time is up."""
        try:
            return await patiently(self._channel.clock, deadline.left_s(), inbox.get())
        except ClockStandsStill as standing:
            raise CommandTimeout(str(standing), where=self._channel.name) from standing
        except TimeoutError:
            return None

    def _parsed(self, name: str, message: ParamValue) -> Parameter:
        factor = dict(variants(name)).get(message.name, 1.0)
        value = value_of(message.raw, message.kind, bytewise=self._bytewise)
        return Parameter(name=message.name, factor=factor, value=value / factor, kind=message.kind)

    def _complain(self, missing: list[str], unknown: Names) -> None:
        if not missing:
            return
        names = ", ".join(missing)
        if any(_hopeless(n, unknown) for n in missing):
            raise NotFound(
                f"it has no parameter {names}",
                where=self._channel.name,
                remedy="see whether its firmware is one that is supported",
            )
        raise CommandTimeout(
            f"it does not tell {names}",
            where=self._channel.name,
            remedy="see whether it is still heard, and knows this parameter",
        )

    def _refusal(
        self,
        wrong: list[str],
        wanted: Mapping[str, float],
        after: Mapping[str, Parameter],
        said: Mapping[str, str],
    ) -> FlyOnceError:
        parts = []
        for name in wrong:
            held = after[name]
            why = f": {said[held.name]}" if held.name in said else ""
            parts.append(f"{name} stays {held.value:g} instead of {wanted[name]:g}{why}")
        return ParameterRefused(
            "; ".join(parts), where=self._channel.name, remedy="do not arm it; see to its set-up"
        )


def _hopeless(name: str, unknown: Names) -> bool:
    return all(v in unknown for v, _ in variants(name))


def _agrees(held: Parameter, value: float) -> bool:
    """Equal within what the vehicle's own unit and type can hold."""
    return same(held.value * held.factor, value * held.factor)
