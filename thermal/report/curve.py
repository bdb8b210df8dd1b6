"""Tables that the page of a frame draws from: the histogram, and uncertainty by temperature."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from thermal.radiometry import Celsius

BINS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Pixels by temperature; ``counts[i]`` lie between ``low_c + i * width_k`` and the next."""

    low_c: float
    width_k: float
    counts: tuple[int, ...]


def histogram(celsius: Celsius) -> Histogram:
    """The whole frame in `BINS` equal bins from its lowest to its highest temperature."""
    low, high = float(celsius.min()), float(celsius.max())
    width = max(high - low, 0.1) / BINS
    counts, _ = np.histogram(celsius, bins=BINS, range=(low, low + BINS * width))
    return Histogram(low_c=low, width_k=width, counts=tuple(int(c) for c in counts))


def by_temperature(celsius: Celsius, sigma_k: npt.NDArray[np.float32]) -> tuple[float, ...]:
    """The median uncertainty in each bin of the frame's `histogram`, kelvin.

    With one set of parameters for a frame, the uncertainty is a function of the temperature alone
    and this table holds all of it. Empty bins take their nearest neighbours' line.
    """
    table = histogram(celsius)
    places = np.clip(((celsius - table.low_c) / table.width_k).astype(int), 0, BINS - 1).ravel()
    order = np.argsort(places, kind="stable")
    values, starts = sigma_k.ravel()[order], np.searchsorted(places[order], np.arange(BINS + 1))
    filled = [i for i in range(BINS) if starts[i] < starts[i + 1]]
    medians = [float(np.median(values[starts[i] : starts[i + 1]])) for i in filled]
    return tuple(float(v) for v in np.interp(np.arange(BINS), filled, medians))
