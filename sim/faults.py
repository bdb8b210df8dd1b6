"""Seeded faults: photographs lost before they are sent, packets lost, the link down for a while."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import InvalidInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What goes wrong.

    Attributes:
        upload_loss: share of photographs that never reach the link.
        packet_loss: share of MAVLink packets from the vehicles that get lost.
        link_down: (from, to) simulated seconds in which no packet gets through, either way.
    """

    upload_loss: float = 0.0
    packet_loss: float = 0.0
    link_down: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        for name in ("upload_loss", "packet_loss"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise ValueError(f"{name} must be at least 0 and below 1")


def load(path: Path) -> Faults:
    """Read a faults file (JSON with the attributes of `Faults`).

    Raises:
        InvalidInput: it cannot be read, or a field is wrong.
    """
    remedy = "fields: upload_loss, packet_loss (0 to 1), link_down [[from_s, to_s], ...]"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        down = tuple((float(a), float(b)) for a, b in data.pop("link_down", []))
        return Faults(link_down=down, **{k: float(v) for k, v in data.items()})
    except OSError as error:
        raise InvalidInput(
            f"cannot read the faults file: {error.strerror}", where=str(path), remedy=remedy
        ) from error
    except (ValueError, TypeError, AttributeError) as error:
        raise InvalidInput(f"a field is wrong: {error}", where=str(path), remedy=remedy) from error


class Mischief:
    """Carries faults out, by seed."""

    def __init__(self, faults: Faults, seed: int) -> None:
        self._faults = faults
        self._rng = np.random.default_rng([seed, 81])
        self.now_s = 0.0

    def loses_photo(self) -> bool:
        """Whether this photograph is lost."""
        loss = self._faults.upload_loss
        return loss > 0 and float(self._rng.random()) < loss

    def link_up(self) -> bool:
        """Whether the link carries anything now."""
        return not any(a <= self.now_s < b for a, b in self._faults.link_down)

    def forwards(self, packet: bytes) -> bool:
        """Whether a vehicle's packet gets through."""
        if not self.link_up():
            return False
        loss = self._faults.packet_loss
        return loss == 0 or float(self._rng.random()) >= loss
