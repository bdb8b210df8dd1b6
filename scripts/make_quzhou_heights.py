"""Make missions/presets/quzhou/heights.npy: the approximate relief of Quzhou.

No survey: a valley floor that falls along the rivers of the gazetteer, and mountains that rise
with the distance from them, higher to the north-west and the south, with seeded detail. Good
enough to fly a simulated day over believable ground; never for a real flight.

    python scripts/make_quzhou_heights.py
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from quzhou_gazetteer import RIVERS

OUT = Path(__file__).resolve().parent.parent / "missions/presets/quzhou/heights.npy"
WEST, SOUTH, STEP = 117.95, 28.15, 0.01
COLUMNS, ROWS = 146, 141
KM_LON, KM_LAT = 97.4, 110.8
"""Kilometres a degree at 28.9 N."""
SEED = 20260512
SOURCE_M = {
    "衢江": (63, 38),
    "常山港": (110, 63),
    "江山港": (215, 63),
    "乌溪江": (330, 60),
    "灵山港": (165, 40),
    "马金溪": (330, 110),
    "铜山源": (150, 58),
    "芳村溪": (180, 76),
}
"""River level at the first and the last point, metres AMSL, roughly."""
FLAT_KM = {"衢江": 6.0, "常山港": 3.0, "江山港": 3.5}
"""Half the width of the valley floor; 0.5 km for the other rivers."""

Floats = npt.NDArray[np.float64]


def main() -> None:
    lon, lat = np.meshgrid(WEST + STEP * np.arange(COLUMNS), SOUTH + STEP * np.arange(ROWS))
    away_km, level_m = valley(lon, lat)
    top_m = (
        900 + 450 * bump(lon, lat, 118.25, 29.38, 0.28) + 600 * bump(lon, lat, 118.75, 28.38, 0.3)
    )
    rise = 1 - np.exp(-((away_km / 11.0) ** 1.4))
    heights = level_m + top_m * rise * (0.75 + 0.45 * noise()) + 12 * np.minimum(away_km, 2) / 2
    np.save(OUT, np.clip(heights, 25, 1600).round().astype("<i2"))
    print(
        f"{OUT}: {OUT.stat().st_size / 1024:.0f} KiB, {heights.min():.0f} to {heights.max():.0f} m"
    )


def valley(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Kilometres from the nearest valley floor, and the height of that floor."""
    best = np.full(lon.shape, np.inf)
    level = np.zeros(lon.shape)
    for (_, name, _), line in RIVERS.items():
        first, last = SOURCE_M[name]
        legs = len(line) - 1
        for k in range(legs):
            away, along = to_leg(lon, lat, line[k], line[k + 1])
            away = np.maximum(0, away - FLAT_KM.get(name, 0.5))
            floor = first + (last - first) * (k + along) / legs
            nearer = away < best
            best, level = np.where(nearer, away, best), np.where(nearer, floor, level)
    return best, level


def to_leg(
    lon: Floats, lat: Floats, a: tuple[float, float], b: tuple[float, float]
) -> tuple[Floats, Floats]:
    """Kilometres to a leg, and where along it (0 to 1) the nearest point is."""
    x, y = (lon - a[0]) * KM_LON, (lat - a[1]) * KM_LAT
    dx, dy = (b[0] - a[0]) * KM_LON, (b[1] - a[1]) * KM_LAT
    t = np.clip((x * dx + y * dy) / (dx * dx + dy * dy), 0, 1)
    return np.hypot(x - t * dx, y - t * dy), t


def bump(lon: Floats, lat: Floats, lon0: float, lat0: float, width: float) -> Floats:
    """A round hill of height 1."""
    return np.asarray(np.exp(-((lon - lon0) ** 2 + (lat - lat0) ** 2) / (2 * width**2)))


def noise() -> Floats:
    """Seeded detail of three sizes, between about -1 and 1."""
    random = np.random.default_rng(SEED)
    total = np.zeros((ROWS, COLUMNS))
    for smooth, weight in ((8, 0.5), (4, 0.3), (2, 0.2)):
        field = random.standard_normal((ROWS, COLUMNS))
        spectrum = np.fft.rfft2(field)
        fy, fx = np.fft.fftfreq(ROWS)[:, None], np.fft.rfftfreq(COLUMNS)[None, :]
        spectrum *= np.exp(-2 * (np.pi * smooth) ** 2 * (fx**2 + fy**2))
        field = np.fft.irfft2(spectrum, s=(ROWS, COLUMNS))
        total += weight * field / field.std()
    return np.clip(total, -1.5, 1.5)


if __name__ == "__main__":
    main()
