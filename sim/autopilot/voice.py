"""What an autopilot says by the way: texts, and parameters that changed by themselves.

They leave after the answers of the message that caused them, as on a real ArduCopter.
"""

from collections.abc import Callable

from pymavlink.dialects.v20 import ardupilotmega as wire

TEXT_BYTES = 50
"""Longer texts go in pieces with one id (https://mavlink.io/en/messages/common.html#STATUSTEXT)."""


class Voice:
    """What waits to be said.

    Args:
        send: puts a message on the link.
        value: PARAM_VALUE of a parameter by its name.
    """

    def __init__(
        self,
        send: Callable[[wire.MAVLink_message], None],
        value: Callable[[str], wire.MAVLink_message],
    ) -> None:
        self._send, self._value = send, value
        self._texts: list[tuple[int, str]] = []
        self._names: list[str] = []
        self._number = 0

    def say(self, severity: int, text: str) -> None:
        """A STATUSTEXT."""
        self._texts.append((severity, text))

    def tell(self, name: str) -> None:
        """A parameter that changed."""
        self._names.append(name)

    def flush(self) -> None:
        """Send what waits."""
        if self._names:
            names, self._names = self._names, []
            for name in names:
                self._send(self._value(name))
        if self._texts:
            texts, self._texts = self._texts, []
            for severity, text in texts:
                self._utter(severity, text.encode())

    def _utter(self, severity: int, data: bytes) -> None:
        number = 0
        if len(data) > TEXT_BYTES:
            number = self._number = self._number % 65535 + 1
        for k, start in enumerate(range(0, max(1, len(data)), TEXT_BYTES)):
            piece = data[start : start + TEXT_BYTES]
            self._send(wire.MAVLink_statustext_message(severity, piece, number, k))
