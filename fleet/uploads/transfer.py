"""The MAVLink mission protocol as state machines without I/O: `Upload`, `Download` and `Clear`.

Whoever drives one sends what `begin`, `receive` and `overdue` return, until ``finished``. The
same machines carry missions, fences and rally points. What an autopilot really does (requests of
the old kind, late acknowledgements, truncated plans) is in the design notes of the fleet.
"""

from collections.abc import Sequence
from dataclasses import replace

from core.errors import InvalidInput
from fleet.messages import (
    Message,
    MissionAck,
    MissionClear,
    MissionCount,
    MissionItem,
    MissionRequest,
    MissionRequestList,
)
from fleet.vocabulary import (
    CANCELLED,
    INVALID_SEQUENCE,
    UNSPECIFIED,
    MissionType,
    command_name,
    mission_sentence,
)

FIRST_WAIT_S = 1.0
"""Silence after which a message counts as lost; ArduPilot itself re-requests after 1 s."""

WAIT_GROWTH = 1.5
"""Each further wait is longer by this factor: at high simulation speed answers may be slow."""

ATTEMPTS = 10
"""Consecutive silences that end a transfer: with a loss of 30 % each way an honest exchange
fails ten times in a row once in 800 transfers of one message."""

MOST_ITEMS = 2000
"""More than any autopilot that we know stores."""


class _Transfer:
    """What both directions share: patience, and how it ended.

    Attributes:
        problem: why it failed, as a sentence; None while running and after success.
        finished: whether it is over.
        refused: repeating will not help: the vehicle said no, or nobody reports the time.
    """

    def __init__(self, mission_type: int) -> None:
        self.mission_type = mission_type
        self.problem: str | None = None
        self.finished = False
        self.refused = False
        self._silences = 0

    @property
    def wait_s(self) -> float:
        """How long to wait for the next message before calling `overdue`."""
        return float(min(8.0, FIRST_WAIT_S * WAIT_GROWTH**self._silences))

    def give_up(self, why: str) -> None:
        """End the transfer from outside: waiting on makes no sense."""
        self._fail(why, refused=True)

    def _fail(self, problem: str, *, refused: bool = False) -> list[Message]:
        self.problem = problem
        self.refused = refused
        self.finished = True
        return []

    def _silent(self, what: str) -> bool:
        """Count a silence; True (and failed) when it was one too many."""
        self._silences += 1
        if self._silences >= ATTEMPTS:
            self._fail(f"no answer to {what} after {ATTEMPTS} attempts")
        return self.finished


class Upload(_Transfer):
    """Brings items to the vehicle, in its order: it requests, we answer.

    Success is a claim only: autopilots store what they understood. Read it back.

    Attributes:
        confirmed: the final acknowledgement came (it may get lost though all went well).

    Raises:
        InvalidInput: no items, or more than 2,000.
    """

    def __init__(
        self, items: Sequence[MissionItem], mission_type: int = MissionType.MISSION
    ) -> None:
        super().__init__(mission_type)
        if not 0 < len(items) <= MOST_ITEMS:
            raise InvalidInput(
                f"a plan of {len(items)} items cannot be uploaded",
                where="mission",
                remedy=f"give it 1 to {MOST_ITEMS} items",
            )
        self.confirmed = False
        self._items = [replace(m, seq=i, mission_type=mission_type) for i, m in enumerate(items)]
        self._wanted: set[int] = set()
        self._last: int | None = None

    def begin(self) -> list[Message]:
        """The first messages to send."""
        return [MissionCount(count=len(self._items), mission_type=self.mission_type)]

    def receive(self, message: Message) -> list[Message]:
        """What to send upon a received message."""
        if self.finished:
            return []
        if isinstance(message, MissionRequest) and message.mission_type == self.mission_type:
            return self._serve(message.seq)
        if isinstance(message, MissionAck) and message.mission_type == self.mission_type:
            return self._acknowledged(message.result)
        return []

    def overdue(self) -> list[Message]:
        """What to send when nothing useful came within ``wait_s``."""
        if self._complete and self._silences >= 2:
            self.finished = True  # the acknowledgement got lost; reading back tells
            return []
        if self._last is None:
            return [] if self._silent("MISSION_COUNT") else self.begin()
        if self._silent(f"item {self._last}"):
            return []
        return [self._items[self._last]]

    @property
    def _complete(self) -> bool:
        return len(self._wanted) == len(self._items)

    def _serve(self, seq: int) -> list[Message]:
        if not 0 <= seq < len(self._items):
            return []  # late, from an earlier and longer plan
        if seq not in self._wanted:
            self._silences = 0
        self._wanted.add(seq)
        self._last = seq
        return [self._items[seq]]

    def _acknowledged(self, result: int) -> list[Message]:
        if result == INVALID_SEQUENCE:
            return []
        if result == UNSPECIFIED and self._complete and self._silences:
            self.finished = True  # it was done, and wonders about the item that we repeated
            return []
        if result != 0:
            hopeless = result not in (CANCELLED, UNSPECIFIED)
            return self._fail(self._refusal(result), refused=hopeless)
        if self._complete:
            self.confirmed = self.finished = True
        return []  # an acceptance before the last item answers an earlier transfer

    def _refusal(self, result: int) -> str:
        if self._last is None:
            return f"it refused the plan: {mission_sentence(result)}"
        item = self._items[self._last]
        return (
            f"it refused item {self._last} ({command_name(item.command)}): "
            f"{mission_sentence(result)}"
        )


class Download(_Transfer):
    """Fetches what the vehicle holds.

    Args:
        window: how many items are asked for at a time. ArduPilot answers each request by itself;
            PX4 takes requests in order only, one at a time.

    Attributes:
        items: what has arrived so far, in order; complete when finished without a problem.
    """

    def __init__(self, mission_type: int = MissionType.MISSION, window: int = 1) -> None:
        super().__init__(mission_type)
        self._window = window
        self._found: dict[int, MissionItem] = {}
        self._asked = 0
        self._count: int | None = None

    @property
    def items(self) -> list[MissionItem]:
        """The items without a gap from the first on."""
        return [self._found[seq] for seq in range(self._first_missing)]

    @property
    def _first_missing(self) -> int:
        return next(n for n in range(len(self._found) + 1) if n not in self._found)

    def begin(self) -> list[Message]:
        """The first messages to send."""
        return [MissionRequestList(mission_type=self.mission_type)]

    def receive(self, message: Message) -> list[Message]:
        """What to send upon a received message."""
        if self.finished or getattr(message, "mission_type", None) != self.mission_type:
            return []
        if isinstance(message, MissionCount) and self._count is None:
            self._count = message.count
            return self._proceed()
        if isinstance(message, MissionItem) and self._count is not None:
            if message.seq in self._found or not 0 <= message.seq < self._asked:
                return []  # late or doubled
            self._found[message.seq] = message
            return self._proceed()
        if isinstance(message, MissionAck) and message.result not in (0, INVALID_SEQUENCE):
            return self._fail(
                f"it gives no plan away: {mission_sentence(message.result)}", refused=True
            )
        return []

    def overdue(self) -> list[Message]:
        """What to send when nothing useful came within ``wait_s``."""
        if self._count is None:
            return [] if self._silent("MISSION_REQUEST_LIST") else self.begin()
        missing = [seq for seq in range(self._asked) if seq not in self._found]
        if self._silent(f"the request of item {missing[0]}"):
            return []
        return [self._request(seq) for seq in missing]

    def _proceed(self) -> list[Message]:
        self._silences = 0
        count = self._count or 0
        if len(self._found) >= count:
            self.finished = True
            return [MissionAck(result=0, mission_type=self.mission_type)]
        upto = min(count, len(self._found) + self._window)
        fresh = range(self._asked, upto)
        self._asked = max(self._asked, upto)
        return [self._request(seq) for seq in fresh]

    def _request(self, seq: int) -> MissionRequest:
        return MissionRequest(seq=seq, mission_type=self.mission_type)


class Clear(_Transfer):
    """Makes the vehicle forget one plan, and asks it how much is left.

    An acknowledgement alone proves nothing: it may be a late one of an upload. The plan counts as
    cleared when the vehicle, asked after that, counts no items (a mission may keep home).
    """

    def __init__(self, mission_type: int = MissionType.MISSION) -> None:
        super().__init__(mission_type)
        self._most = 1 if mission_type == MissionType.MISSION else 0
        self._asking = False

    def begin(self) -> list[Message]:
        """The first messages to send."""
        self._asking = False
        return [MissionClear(mission_type=self.mission_type)]

    def receive(self, message: Message) -> list[Message]:
        """What to send upon a received message."""
        if self.finished or getattr(message, "mission_type", None) != self.mission_type:
            return []
        if isinstance(message, MissionAck) and not self._asking:
            return self._cleared(message.result)
        if isinstance(message, MissionCount) and self._asking:
            if message.count <= self._most:
                self.finished = True
                return [MissionAck(result=0, mission_type=self.mission_type)]
            return [] if self._silent("the order to clear") else self.begin()
        return []

    def overdue(self) -> list[Message]:
        """What to send when nothing useful came within ``wait_s``."""
        if self._silent("the question what is left" if self._asking else "the order to clear"):
            return []
        return self.begin()

    def _cleared(self, result: int) -> list[Message]:
        if result in (0, INVALID_SEQUENCE, UNSPECIFIED, CANCELLED):
            self._asking = True
            return [MissionRequestList(mission_type=self.mission_type)]
        return self._fail(f"it does not clear it: {mission_sentence(result)}", refused=True)


class Recount(_Transfer):
    """Asks how many items are stored, to see that nobody changed them while they were read.

    While somebody uploads, a vehicle denies the list; when somebody has, the number may differ.

    Attributes:
        holds: whether it still counts what was read.
    """

    def __init__(self, count: int, mission_type: int = MissionType.MISSION) -> None:
        super().__init__(mission_type)
        self.holds = False
        self._expected = count

    def begin(self) -> list[Message]:
        """The first messages to send."""
        return [MissionRequestList(mission_type=self.mission_type)]

    def receive(self, message: Message) -> list[Message]:
        """What to send upon a received message."""
        if self.finished or getattr(message, "mission_type", None) != self.mission_type:
            return []
        if isinstance(message, MissionCount):
            self.holds, self.finished = message.count == self._expected, True
            return [MissionAck(result=0, mission_type=self.mission_type)]
        if isinstance(message, MissionAck) and message.result not in (0, INVALID_SEQUENCE):
            self.finished = True
        return []

    def overdue(self) -> list[Message]:
        """What to send when nothing useful came within ``wait_s``."""
        return [] if self._silent("MISSION_REQUEST_LIST") else self.begin()


Machine = Upload | Download | Clear | Recount
