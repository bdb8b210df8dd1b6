"""A block of frames as arrays: where tie points land on the ground, and by how much they miss."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from core.geo import HeightModel, LonLat
from core.pose import Attitude, Pose
from imagery.ground.lens import Floats
from imagery.ground.rays import Plane, axes
from imagery.poses.frames import MosaicFrame
from imagery.poses.ties import WORK_PX, Pair

YAW_SIGMA_DEG = 5.0
"""A compass near steel, and a gimbal's yaw drift; measured 1 to 9 degrees in brighton_q."""
FOCAL_SIGMA, RADIAL_SIGMA, SLOPE_SIGMA = 0.02, 0.03, 0.05
"""How far focal length (share), k1 and the ground's slope may go from what was stated."""
SHARED = 4
"""Unknowns that all frames share: log focal scale, k1, slope east, slope north."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Misses:
    """By how much tie points disagree: medians over all, metres on the ground and pixels of the
    searched picture (`ties.WORK_PX` wide at most), and the root mean square of the pixels."""

    median_m: float
    median_px: float
    rms_px: float
    rms_m: float
    ties: int


@dataclass(frozen=True, slots=True)
class Sloping:
    """A height model that rises by a slope away from a middle: metres of a plane."""

    base: HeightModel
    plane: Plane
    middle_x_m: float
    middle_y_m: float
    rise_east: float
    rise_north: float

    def height_m(self, lon: npt.ArrayLike, lat: npt.ArrayLike) -> Floats:
        """Ground height in metres AMSL."""
        x = (np.asarray(lon, float) - self.plane.origin.lon) * self.plane.east_m_per_deg
        y = (np.asarray(lat, float) - self.plane.origin.lat) * self.plane.north_m_per_deg
        rise = (x - self.middle_x_m) * self.rise_east + (y - self.middle_y_m) * self.rise_north
        return self.base.height_m(lon, lat) + rise


class Block:
    """The frames as arrays; residuals of tie points for a vector of unknowns: for each frame east,
    north, up (metres) and turns about its right, down and forward axes (radians), then shared log
    focal scale, k1, slope east, slope north."""

    def __init__(
        self,
        frames: Sequence[MosaicFrame],
        poses: Sequence[Pose],
        heights: HeightModel,
        terrain_known: bool,
    ) -> None:
        self.plane = Plane.at(poses[0].position)
        self.stated = list(poses)
        xy = [self.plane.xy(pose.position) for pose in poses]
        self.starts = np.array([(*p, q.altitude_m) for p, q in zip(xy, poses, strict=True)])
        self.turns = np.array([axes(pose.attitude) for pose in poses])
        self.heights = heights
        self.middle = self.starts[:, :2].mean(axis=0)
        self.focal = np.array(
            [f.camera.focal_px * min(1.0, WORK_PX / f.camera.width_px) for f in frames]
        )
        tight = 1e-6 if terrain_known else SLOPE_SIGMA
        own = [
            (p.horizontal_sigma_m, p.horizontal_sigma_m, max(p.vertical_sigma_m, 0.05))
            + (math.radians(p.attitude_sigma_deg),) * 2
            + (math.radians(max(YAW_SIGMA_DEG, p.attitude_sigma_deg)),)
            for p in poses
        ]
        shared = (FOCAL_SIGMA, RADIAL_SIGMA, tight, tight)
        self.sigmas = np.concatenate([np.array(own).ravel(), shared])

    def rays(self, pairs: Sequence[Pair]) -> "Rays":
        """Both directions of every tie point."""
        source = np.concatenate(
            [np.full(len(p.a), i) for p in pairs for i in (p.first, p.second)]
        ).astype(int)
        target = np.concatenate(
            [np.full(len(p.a), i) for p in pairs for i in (p.second, p.first)]
        ).astype(int)
        here = np.concatenate([x for p in pairs for x in (p.a, p.b)])
        there = np.concatenate([x for p in pairs for x in (p.b, p.a)])
        ground = np.zeros(len(here))
        return Rays(source, target, here, there, ground)

    def grounded(self, unknowns: Floats, rays: "Rays") -> "Rays":
        """The rays with the height of the ground that each meets (three steps along each ray)."""
        ground = rays.ground
        if not ground.any():
            ground = self._level(self.starts[rays.source, :2])
        for _ in range(3):
            places, _ = self.place(unknowns, replace(rays, ground=ground))
            ground = self._level(places[:, :2])
        return replace(rays, ground=ground)

    def _level(self, places: Floats) -> Floats:
        return self.heights.height_m(self.plane.lon(places[:, 0]), self.plane.lat(places[:, 1]))

    def place(
        self, unknowns: Floats, rays: "Rays", source: Floats | None = None
    ) -> tuple[Floats, Floats]:
        """(T, 3) where the rays meet the ground, and their directions."""
        own = unknowns[:-SHARED].reshape(-1, 6)[rays.source] if source is None else source
        log_focal, k1, east, north = unknowns[-SHARED:]
        sights = _sights(rays.here, log_focal, k1)
        vectors = np.einsum("ti,tij->tj", _turned(sights, own[:, 3:]), self.turns[rays.source])
        starts = self.starts[rays.source] + own[:, :3]
        slope = np.array([east, north])
        # the slope rises along the ray too: level there = level below the camera + slope x way
        level = rays.ground + (starts[:, :2] - self.middle) @ slope
        down = vectors[:, 2] - vectors[:, :2] @ slope
        along = (level - starts[:, 2]) / np.where(np.abs(down) < 1e-6, -1e-6, down)
        return starts + vectors * along[:, None], vectors

    def residuals(
        self,
        unknowns: Floats,
        rays: "Rays",
        source: Floats | None = None,
        target: Floats | None = None,
    ) -> Floats:
        """(T, 2) pixels by which each ray misses its spot in the other picture."""
        places, _ = self.place(unknowns, rays, source)
        own = unknowns[:-SHARED].reshape(-1, 6)[rays.target] if target is None else target
        away = places - self.starts[rays.target] - own[:, :3]
        seen = np.einsum("tj,tij->ti", away, self.turns[rays.target])
        seen = _turned(seen, -own[:, 3:])
        ahead = np.where(seen[:, 2] > 0.1, seen[:, 2], np.nan)
        there = _sights(rays.there, *unknowns[-SHARED : -SHARED + 2])
        miss = seen[:, :2] / ahead[:, None] - there[:, :2]
        # pixels of the focal length as solved: with a fixed one a longer lens would look better
        focal = self.focal[rays.target] * math.exp(unknowns[-SHARED])
        return np.nan_to_num(miss, nan=10.0) * focal[:, None]

    def sloping(self, unknowns: Floats) -> Sloping:
        """The ground with the slope that was solved."""
        x, y = (float(v) for v in self.middle)
        east, north = (float(v) for v in unknowns[-2:])
        return Sloping(self.heights, self.plane, x, y, east, north)

    def misses(self, unknowns: Floats, pairs: Sequence[Pair]) -> Misses:
        """How far tie points disagree."""
        rays = self.grounded(unknowns, self.rays(pairs))
        pixels = np.hypot(*self.residuals(unknowns, rays).T)
        there = replace(rays, source=rays.target, here=rays.there)
        apart = self.place(unknowns, rays)[0] - self.place(unknowns, there)[0]
        metres = np.hypot(apart[:, 0], apart[:, 1])
        return Misses(
            median_m=float(np.median(metres)),
            median_px=float(np.median(pixels)),
            rms_px=_trimmed_rms(pixels),
            rms_m=_trimmed_rms(metres),
            ties=len(pixels) // 2,
        )

    def poses(self, unknowns: Floats, normal: Floats) -> tuple[Pose, ...]:
        """The stated poses moved by the unknowns, with the block's own accuracy."""
        spread = np.sqrt(np.maximum(np.diag(np.linalg.inv(normal))[:-SHARED], 0.0)).reshape(-1, 6)
        moved = []
        for k, own in enumerate(unknowns[:-SHARED].reshape(-1, 6)):
            x, y, z = self.starts[k] + own[:3]
            turned = np.array([_turned(row[None], own[None, 3:])[0] for row in np.eye(3)])
            moved.append(
                replace(
                    self.stated[k],
                    position=LonLat(float(self.plane.lon(x)), float(self.plane.lat(y))),
                    altitude_m=float(z),
                    attitude=attitude_of(turned @ self.turns[k]),
                    horizontal_sigma_m=float(spread[k, :2].max()),
                    vertical_sigma_m=float(spread[k, 2]),
                    attitude_sigma_deg=math.degrees(float(spread[k, 3:].max())),
                )
            )
        return tuple(moved)


@dataclass(frozen=True, slots=True, eq=False)
class Rays:
    """Tie points as rays from a source frame to a target: (T,) indices, (T, 2) tangents in each,
    and the (T,) level of the ground that each meets."""

    source: npt.NDArray[np.int_]
    target: npt.NDArray[np.int_]
    here: Floats
    there: Floats
    ground: Floats


def attitude_of(turn: Floats) -> Attitude:
    """The attitude whose `rays.axes` are these (3, 3) rows: right, down, forward."""
    forward = turn[2]
    pitch = math.asin(max(-1.0, min(1.0, float(forward[2]))))
    # straight down the direction of sight has no bearing: the picture's top gives it
    steep = math.hypot(forward[0], forward[1]) < 1e-9
    east, north = (-turn[1][0], -turn[1][1]) if steep else (forward[0], forward[1])
    yaw = math.atan2(east, north)
    upright = axes(Attitude(yaw_deg=math.degrees(yaw), pitch_deg=math.degrees(pitch)))
    roll = math.atan2(float(turn[0] @ upright[1]), float(turn[0] @ upright[0]))
    return Attitude(
        yaw_deg=math.degrees(yaw), pitch_deg=math.degrees(pitch), roll_deg=math.degrees(roll)
    )


def _sights(slopes: Floats, log_focal: float, k1: float) -> Floats:
    """(T, 3) rays of tangents, with the shared corrections of the camera."""
    r2 = np.einsum("ij,ij->i", slopes, slopes)
    bent = slopes * ((1 + k1 * r2) * math.exp(-log_focal))[:, None]
    return np.column_stack([bent, np.ones(len(bent))])


def _turned(vectors: Floats, turns: Floats) -> Floats:
    """(T, 3) vectors turned by (T, 3) rotation vectors (Rodrigues)."""
    angle = np.sqrt(np.einsum("ij,ij->i", turns, turns))
    axis = turns / np.where(angle < 1e-12, 1.0, angle)[:, None]
    sine, cosine = np.sin(angle)[:, None], np.cos(angle)[:, None]
    along = np.einsum("ij,ij->i", axis, vectors)[:, None]
    return vectors * cosine + np.cross(axis, vectors) * sine + axis * along * (1 - cosine)


def _trimmed_rms(values: Floats) -> float:
    """Root mean square without the worst tenth: wrong matches and tree tops are no measure."""
    best = np.sort(values)[: max(1, int(0.9 * len(values)))]
    return float(np.sqrt((best**2).mean()))
