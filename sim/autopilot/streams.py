"""When each message is due.

As on ArduCopter 4.8 nothing is streamed until a SET_MESSAGE_INTERVAL asks for it, except what the
firmware sends of itself: HEARTBEAT and, so that a controller can follow the simulated time from
the first second, SYSTEM_TIME; PX4 sends more.
"""

import math
from collections.abc import Mapping


class Streams:
    """Which messages are due at which simulated second."""

    def __init__(self, offset_s: float, defaults: Mapping[int, float]) -> None:
        self._offset_s, self.defaults = offset_s, defaults
        self._interval_s: dict[int, float] = {}
        self._due_s: dict[int, float] = {}
        self.next_s = 0.0
        for message_id, interval_s in defaults.items():
            self.set(message_id, interval_s, 0.0)

    def set(self, message_id: int, interval_s: float, now_s: float) -> None:
        """Send a message so often; 0 or less never."""
        if interval_s <= 0:
            self._interval_s.pop(message_id, None)
            self._due_s.pop(message_id, None)
        else:
            self._interval_s[message_id] = interval_s
            self._due_s[message_id] = now_s + self._offset_s * min(1.0, interval_s)
        self.next_s = min(self._due_s.values(), default=math.inf)

    def interval_s(self, message_id: int) -> float:
        """Seconds between two, 0 for never."""
        return self._interval_s.get(message_id, 0.0)

    def due(self, now_s: float) -> list[int]:
        """The messages to send now."""
        if now_s < self.next_s:
            return []
        found = [m for m, due in self._due_s.items() if due <= now_s]
        for m in found:
            self._due_s[m] = max(self._due_s[m] + self._interval_s[m], now_s - 1.0)
        self.next_s = min(self._due_s.values(), default=math.inf)
        return found
