"""Through a lens and back: native pixels to the tangents of rays, distortion and all.

The model is Brown-Conrady (`core.equipment.Lens`). Towards the picture it is a formula; back it
has none, so Newton's method inverts it. A polynomial folds back on itself outside the field for
which it was fitted; beyond that radius nothing is projected, so that a point far outside the
picture never turns up in it.
"""

import numpy as np
import numpy.typing as npt

from core.equipment import CameraSpec, Lens

Floats = npt.NDArray[np.float64]

_NEWTON_STEPS = 12
_FARTHEST = 4.0
"""Tangent of 76 degrees off the axis: no rectilinear model holds further out."""


def tangents(camera: CameraSpec, pixels: npt.ArrayLike) -> Floats:
    """(N, 2) tangents of the rays through (N, 2) native pixels (column, row): right, down.

    NaN where the lens shows no ray at that pixel.
    """
    p = np.asarray(pixels, float).reshape(-1, 2)
    half = np.array([camera.width_px, camera.height_px]) / 2
    if camera.lens is None:
        return (p - half) / camera.focal_px
    axis = half + np.array([camera.lens.cx_px, camera.lens.cy_px])
    return undistort(camera.lens, (p - axis) / camera.focal_px)


def pixels(camera: CameraSpec, rays: npt.ArrayLike) -> Floats:
    """(N, 2) native pixels (column, row) of (N, 2) tangents; NaN beyond the lens's field.

    A pixel may lie outside the picture: only the lens limits it.
    """
    t = np.asarray(rays, float).reshape(-1, 2)
    half = np.array([camera.width_px, camera.height_px]) / 2
    if camera.lens is None:
        return half + t * camera.focal_px
    axis = half + np.array([camera.lens.cx_px, camera.lens.cy_px])
    inside = np.einsum("ij,ij->i", t, t) <= field_radius(camera.lens) ** 2
    shown = axis + distort(camera.lens, t) * camera.focal_px
    return np.where(inside[:, None], shown, np.nan)


def distort(lens: Lens, rays: Floats) -> Floats:
    """(N, 2) tangents as the lens shows them."""
    x, y = rays[:, 0], rays[:, 1]
    r2 = x * x + y * y
    radial = 1 + r2 * (lens.k1 + r2 * (lens.k2 + r2 * lens.k3))
    return np.column_stack(
        [
            x * radial + 2 * lens.p1 * x * y + lens.p2 * (r2 + 2 * x * x),
            y * radial + 2 * lens.p2 * x * y + lens.p1 * (r2 + 2 * y * y),
        ]
    )


def undistort(lens: Lens, shown: Floats) -> Floats:
    """The inverse of `distort`; NaN where no ray within the field is shown there."""
    rays = shown.copy()
    for _ in range(_NEWTON_STEPS):
        miss = distort(lens, rays) - shown
        a, b, d = _slopes(lens, rays)
        determinant = a * d - b * b
        determinant = np.where(np.abs(determinant) < 1e-9, 1e-9, determinant)
        step = (
            np.column_stack([d * miss[:, 0] - b * miss[:, 1], a * miss[:, 1] - b * miss[:, 0]])
            / determinant[:, None]
        )
        rays = np.clip(rays - np.clip(step, -0.5, 0.5), -_FARTHEST, _FARTHEST)
    miss = np.abs(distort(lens, rays) - shown).max(axis=1, initial=0.0)
    inside = np.einsum("ij,ij->i", rays, rays) <= field_radius(lens) ** 2
    return np.where(((miss < 1e-6) & inside)[:, None], rays, np.nan)


def field_radius(lens: Lens) -> float:
    """Tangent of the angle off the axis up to which the radial polynomial keeps growing."""
    slope = np.array([7 * lens.k3, 5 * lens.k2, 3 * lens.k1, 1.0])
    squares = np.roots(np.where(np.abs(slope) < 1e-9, 0.0, slope))
    real = squares[(np.abs(squares.imag) < 1e-9) & (squares.real > 0)].real
    return float(min(np.sqrt(real.min()) if real.size else _FARTHEST, _FARTHEST))


def _slopes(lens: Lens, rays: Floats) -> tuple[Floats, Floats, Floats]:
    """The Jacobian of `distort`, which is symmetric: d/dx of x, d/dy of x, d/dy of y."""
    x, y = rays[:, 0], rays[:, 1]
    r2 = x * x + y * y
    radial = 1 + r2 * (lens.k1 + r2 * (lens.k2 + r2 * lens.k3))
    growth = 2 * (lens.k1 + r2 * (2 * lens.k2 + r2 * 3 * lens.k3))
    return (
        radial + x * x * growth + 2 * lens.p1 * y + 6 * lens.p2 * x,
        x * y * growth + 2 * lens.p1 * x + 2 * lens.p2 * y,
        radial + y * y * growth + 6 * lens.p1 * y + 2 * lens.p2 * x,
    )
