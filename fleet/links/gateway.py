"""The gateway in front of every link: what may pass between vehicles and the service, and what not.

An allow-list both ways. From vehicles comes only what a reader knows and no order may come; to
vehicles goes only what a writer knows, with commands that a pilot of ours may give. So nothing
that reaches a shell, a file or the firmware passes, whoever sends it: unsigned MAVLink reached a
shell through SERIAL_CONTROL in CVE-2026-1579, and FTP left its folder in PX4 #25808.
"""

from collections import Counter

from pymavlink.dialects.v20 import ardupilotmega as dialect

from fleet.links.readers import READERS
from fleet.links.writers import WRITERS
from fleet.messages import CommandInt, CommandLong, Message, MissionItem
from fleet.vocabulary import Command

NEVER = frozenset(
    {
        dialect.MAVLINK_MSG_ID_SERIAL_CONTROL,
        dialect.MAVLINK_MSG_ID_FILE_TRANSFER_PROTOCOL,
        dialect.MAVLINK_MSG_ID_LOG_REQUEST_LIST,
        dialect.MAVLINK_MSG_ID_LOG_REQUEST_DATA,
        dialect.MAVLINK_MSG_ID_LOG_DATA,
        dialect.MAVLINK_MSG_ID_LOG_ERASE,
        dialect.MAVLINK_MSG_ID_REMOTE_LOG_DATA_BLOCK,
        dialect.MAVLINK_MSG_ID_LOGGING_DATA,
        dialect.MAVLINK_MSG_ID_LOGGING_DATA_ACKED,
        dialect.MAVLINK_MSG_ID_ENCAPSULATED_DATA,
        dialect.MAVLINK_MSG_ID_DATA_TRANSMISSION_HANDSHAKE,
        dialect.MAVLINK_MSG_ID_TUNNEL,
        dialect.MAVLINK_MSG_ID_V2_EXTENSION,
        dialect.MAVLINK_MSG_ID_DEVICE_OP_READ,
        dialect.MAVLINK_MSG_ID_DEVICE_OP_WRITE,
        dialect.MAVLINK_MSG_ID_SECURE_COMMAND,
        dialect.MAVLINK_MSG_ID_SECURE_COMMAND_REPLY,
        dialect.MAVLINK_MSG_ID_CAN_FRAME,
        dialect.MAVLINK_MSG_ID_CANFD_FRAME,
        dialect.MAVLINK_MSG_ID_RC_CHANNELS_OVERRIDE,
        dialect.MAVLINK_MSG_ID_MANUAL_CONTROL,
        dialect.MAVLINK_MSG_ID_CHANGE_OPERATOR_CONTROL,
    }
)
"""Message ids that pass neither way, whoever should come to read or write them one day."""

ORDERS = frozenset(
    {
        dialect.MAVLINK_MSG_ID_COMMAND_LONG,
        dialect.MAVLINK_MSG_ID_COMMAND_INT,
        dialect.MAVLINK_MSG_ID_MISSION_REQUEST_LIST,
        dialect.MAVLINK_MSG_ID_MISSION_CLEAR_ALL,
        dialect.MAVLINK_MSG_ID_PARAM_SET,
        dialect.MAVLINK_MSG_ID_SET_MODE,
        dialect.MAVLINK_MSG_ID_SETUP_SIGNING,
    }
)
"""What a ground station says and never hears: from a vehicle it is somebody else's."""

FORCED_ARMING = 21196.0
"""The magic second parameter of MAV_CMD_COMPONENT_ARM_DISARM: arm though the checks fail."""

_COMMANDS = frozenset(int(c) for c in Command)


class Gateway:
    """Lets pass what is allowed and counts the rest.

    Args:
        vehicle_side: for the vehicles' end of a link in a test: it hears orders and gives none.

    Attributes:
        dropped_in: by message id.
        dropped_out: by name of what was to be sent.
    """

    def __init__(self, *, vehicle_side: bool = False) -> None:
        self.dropped_in: Counter[int] = Counter()
        self.dropped_out: Counter[str] = Counter()
        barred = NEVER if vehicle_side else NEVER | ORDERS
        self.readers = {number: read for number, read in READERS.items() if number not in barred}
        self._barred = barred

    def unread(self, number: int) -> None:
        """Count a message that no reader takes, if it is one that must not pass."""
        if number in self._barred:
            self.dropped_in[number] += 1

    def passes(self, message: Message) -> bool:
        """Whether this may be sent; counts it if not."""
        name = _barred(message)
        if name is None:
            return True
        self.dropped_out[name] += 1
        return False


def message_name(number: int) -> str:
    """The name of a message id, such as SERIAL_CONTROL."""
    kind = dialect.mavlink_map.get(number)
    return str(number) if kind is None else str(kind.msgname)


def _barred(message: Message) -> str | None:
    """What is wrong with sending this; None when it may pass."""
    kind = type(message)
    if kind not in WRITERS:
        return kind.__name__
    if isinstance(message, CommandLong | CommandInt):
        if message.command not in _COMMANDS:
            return f"command {message.command}"
        if message.command == Command.ARM_DISARM and message.params[1] == FORCED_ARMING:
            return "forced arming"
    if isinstance(message, MissionItem) and message.command not in _COMMANDS:
        return f"mission item {message.command}"
    return None
