"""What the hottest pixel's uncertainty consists of, as the page lists it."""

from dataclasses import dataclass

import numpy as np

from thermal.formats.frame import ThermalFrame
from thermal.uncertainty import Budget, budget

_LEAST_K = 0.005
"""What adds less is left out of the table."""

_WORDS = {
    "camera": ("camera's accuracy by its data sheet", "相机标称精度", "{:.2f} K"),
    "noise": ("noise of a pixel (NETD)", "像元噪声（NETD）", "{:.2f} K"),
    "emissivity": ("emissivity", "发射率", "{:.2f}"),
    "reflected_c": ("reflected temperature", "反射温度", "{:.1f} K"),
    "air_c": ("air temperature", "气温", "{:.1f} K"),
    "humidity": ("humidity", "湿度", "{:.0%}"),
    "distance_m": ("distance", "距离", "{:.1f} m"),
    "window_transmission": ("window transmission", "窗口透过率", "{:.2f}"),
    "window_c": ("window temperature", "窗口温度", "{:.1f} K"),
    "transmission": ("air's transmission", "大气透过率", "{:.3f}"),
    "not corrected": ("nothing is corrected", "未作修正", "{:.1f} K"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetLine:
    """One source of uncertainty: what it is known to, and what it adds."""

    name: str
    name_zh: str
    own: str
    adds: str


def hottest(frame: ThermalFrame) -> Budget:
    """The uncertainty of a frame's hottest pixel."""
    row, col = np.unravel_index(int(np.argmax(frame.celsius)), frame.celsius.shape)
    return budget(frame, int(row), int(col))


def lines_of(found: Budget) -> tuple[BudgetLine, ...]:
    """The largest parts first, all of them together last."""
    parts = [
        BudgetLine(
            name=_WORDS[part.name][0],
            name_zh=_WORDS[part.name][1],
            own=_WORDS[part.name][2].format(part.u),
            adds=f"{abs(part.kelvin):.2f}",
        )
        for part in found.parts
        if abs(part.kelvin) >= _LEAST_K
    ]
    together = BudgetLine(
        name=f"together, at {found.celsius:.1f} °C",
        name_zh=f"合成，{found.celsius:.1f} °C",
        own="",
        adds=f"{found.kelvin:.2f}",
    )
    return (*parts, together)
