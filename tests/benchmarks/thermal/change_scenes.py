"""Pairs of real photographs in which something is new, gone, or nothing changed.

Frames of one survey flight that overlap show one place minutes apart from places some 12 m apart
at 32 m height: far more parallax than two visits along one route have. Things are put in with
textures cut from other real frames, a shadow, another exposure, blur, noise and JPEG.
"""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]

GSD_M = 0.055
"""Of the survey at 1000 pixels: about 32 m above ground behind 578 px of focal length."""
KINDS = ("roof", "container", "heap", "soil", "debris")
SIZES_M2 = (1.0, 2.0, 5.0, 10.0)
_SUN = (0.75, -0.65)  # direction of shadows in the survey's own frames


def frames(folder: Path, width_px: int = 1000) -> dict[int, Picture]:
    """The survey's frames by number, at a width."""
    found = {}
    for path in sorted(folder.glob("DJI_*.JPG")):
        picture = cv2.imread(str(path))
        size = (width_px, round(width_px * picture.shape[0] / picture.shape[1]))
        found[int(path.stem[4:])] = np.asarray(
            cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        )
    return found


def other_light(picture: Picture, rng: np.random.Generator) -> Picture:
    """The picture on another day: exposure, white balance, gamma, a cloud, blur, noise, JPEG."""
    h, w = picture.shape[:2]
    seen = (picture.astype(np.float32) / 255) ** rng.uniform(0.88, 1.14)
    seen *= rng.uniform(0.8, 1.2) * rng.uniform(0.96, 1.04, 3).astype(np.float32)
    cloud = cv2.resize(
        rng.uniform(0.8, 1.05, (3, 4)).astype(np.float32), (w, h), interpolation=cv2.INTER_CUBIC
    )
    seen = cv2.GaussianBlur(seen * cloud[..., None], (0, 0), rng.uniform(0.3, 0.9)) * 255
    seen += rng.normal(0, rng.uniform(1.0, 2.5), seen.shape)
    done, data = cv2.imencode(
        ".jpg",
        np.clip(seen, 0, 255).astype(np.uint8),
        [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(75, 93))],
    )
    assert done
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def moved(
    picture: Picture, rng: np.random.Generator, turn_deg: float | None = None
) -> tuple[Picture, Any]:
    """The picture from another place on the same plane: (picture, (3, 3) old to new pixels)."""
    h, w = picture.shape[:2]
    angle = rng.uniform(-12, 12) if turn_deg is None else turn_deg
    move = np.vstack(
        [cv2.getRotationMatrix2D((w / 2, h / 2), angle, rng.uniform(0.94, 1.06)), [0, 0, 1]]
    )
    move[:2, 2] += rng.uniform(-0.06, 0.06, 2) * w
    move[2, :2] = rng.uniform(-2e-5, 2e-5, 2)
    return np.asarray(cv2.warpPerspective(picture, move, (w, h)), np.uint8), move


def put(
    picture: Picture,
    donor: Picture,
    kind: str,
    area_m2: float,
    gsd_m: float,
    at: tuple[float, float],
    rng: np.random.Generator,
) -> tuple[Picture, float]:
    """The picture with a thing in it, and the thing's radius in pixels."""
    area_px = area_m2 / gsd_m**2
    shape = _shape(kind, area_px, rng)
    radius = shape.shape[0] / 2
    texture = _texture(kind, donor, shape.shape, rng)
    height_px = {"roof": 2.4, "container": 1.6, "heap": 0.7}.get(kind, 0.0) / gsd_m
    result = picture.astype(np.float32)
    if height_px:
        steps = max(2, int(height_px))
        for k in range(1, steps + 1):
            reach = k / steps * min(height_px, 1.5 * radius)
            _lay(result, shape, at[0] + _SUN[0] * reach, at[1] + _SUN[1] * reach, None)
    _lay(result, shape, at[0], at[1], texture)
    return np.clip(result, 0, 255).astype(np.uint8), radius


def _shape(kind: str, area_px: float, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """(N, N) mask 0 to 1 of about the area asked."""
    side = int(np.ceil(2.6 * np.sqrt(area_px))) | 1
    mask = np.zeros((side * 2, side * 2), np.float32)
    centre = (float(side), float(side))
    if kind in ("roof", "container"):
        ratio = rng.uniform(1.0, 1.8) if kind == "roof" else rng.uniform(1.8, 2.6)
        box = cv2.boxPoints(
            (
                centre,
                (2 * np.sqrt(area_px * ratio), 2 * np.sqrt(area_px / ratio)),
                rng.uniform(0, 180),
            )
        )
        cv2.fillPoly(mask, [box.astype(np.int32)], 1.0)
    else:
        parts = 5 if kind == "debris" else 1
        for _ in range(parts):
            bumps = rng.uniform(0.7, 1.3, 12)
            angle = np.linspace(0, 2 * np.pi, 12, endpoint=False)
            r = 2 * np.sqrt(area_px / np.pi / parts) * bumps
            off = rng.normal(0, 0.5 * np.sqrt(area_px), 2) if parts > 1 else np.zeros(2)
            ring = np.column_stack(
                [side + off[0] + r * np.cos(angle), side + off[1] + r * np.sin(angle)]
            )
            cv2.fillPoly(mask, [ring.astype(np.int32)], 1.0)
    small = cv2.resize(mask, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(small, (0, 0), 0.6), np.float32)


def _texture(
    kind: str, donor: Picture, shape: tuple[int, ...], rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    """(N, N, 3): a cut of another frame in the colour of the thing."""
    n = shape[0]
    row, column = (int(rng.integers(0, max(1, donor.shape[k] - n))) for k in (0, 1))
    cut = cv2.resize(donor[row : row + n, column : column + n], (n, n)).astype(np.float32)
    cut -= cut.mean(axis=(0, 1))
    colours = {
        "roof": [(200, 120, 60), (60, 70, 170), (185, 185, 190), (110, 110, 115)],
        "container": [(225, 225, 225), (170, 90, 40), (50, 60, 190), (70, 110, 60)],
        "heap": [(100, 130, 160), (150, 155, 160), (200, 205, 210)],
        "soil": [(95, 130, 170), (120, 150, 185), (70, 95, 125)],
        "debris": [(215, 220, 220), (190, 180, 160)],
    }[kind]
    base = np.array(colours[int(rng.integers(len(colours)))], np.float32) * rng.uniform(0.85, 1.12)
    strength = {"roof": 0.15, "container": 0.1, "heap": 0.5, "soil": 0.35, "debris": 0.5}[kind]
    return np.asarray(base + strength * cut, np.float32)


def _lay(
    result: npt.NDArray[np.float32],
    shape: npt.NDArray[np.float32],
    column: float,
    row: float,
    texture: npt.NDArray[np.float32] | None,
) -> None:
    """Blend a texture into a picture, or darken it to a shadow where there is none."""
    n = shape.shape[0]
    left, top = round(column - n / 2), round(row - n / 2)
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(result.shape[1], left + n), min(result.shape[0], top + n)
    if x1 <= x0 or y1 <= y0:
        return
    part = shape[y0 - top : y1 - top, x0 - left : x1 - left, None]
    under = result[y0:y1, x0:x1]
    if texture is None:
        shaded = np.minimum(under, under * (1 - 0.12 * part))
        result[y0:y1, x0:x1] = np.maximum(shaded, under * 0.4)
    else:
        result[y0:y1, x0:x1] = (
            under * (1 - part) + texture[y0 - top : y1 - top, x0 - left : x1 - left] * part
        )


def is_open(picture: Picture, at: tuple[float, float], radius: float) -> bool:
    """Whether the ground there is even: trees and rocks spread above 14 grey values."""
    gray = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    r = int(max(8, 1.5 * radius))
    x, y = round(at[0]), round(at[1])
    cut = gray[max(0, y - r) : y + r, max(0, x - r) : x + r]
    return cut.size > 0 and float(cut.std()) < 14.0
