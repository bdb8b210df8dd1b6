"""What the camera and the gimbal tell: one function for each message."""

import math
from typing import TYPE_CHECKING, TypeAlias

from pymavlink.dialects.v20 import ardupilotmega as wire

from core.equipment import Sensor
from core.units import degrees_e7
from sim.autopilot import gimbal
from sim.autopilot.shutter import Photo
from sim.earth import moved

if TYPE_CHECKING:
    from sim.autopilot.autopilot import Autopilot

STORAGE_MIB = 64_000.0
PHOTO_MIB = 8.0
SENSOR_WIDTH_MM = 6.4
"""Of the 1/2 inch chips that such cameras carry; the field of view then gives the focal length."""

Message: TypeAlias = wire.MAVLink_message


def camera_information(a: "Autopilot", number: int = 1) -> Message:
    """CAMERA_INFORMATION of a camera, counted from 1."""
    cameras = a.body.spec.cameras
    camera = cameras[min(max(number, 1), len(cameras)) - 1] if cameras else None
    if camera is None:
        return wire.MAVLink_camera_information_message(
            a.boot_ms(), [0] * 32, [0] * 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, b"", 0, 1
        )
    flags = wire.CAMERA_CAP_FLAGS_CAPTURE_IMAGE
    if camera.sensor is Sensor.ZOOM:
        flags |= wire.CAMERA_CAP_FLAGS_HAS_BASIC_ZOOM
    focal = SENSOR_WIDTH_MM / 2 / math.tan(math.radians(camera.hfov_deg) / 2)
    height = SENSOR_WIDTH_MM * camera.height_px / camera.width_px
    return wire.MAVLink_camera_information_message(
        a.boot_ms(),
        _padded("FlyOnce"),
        _padded(camera.id),
        1,
        focal,
        SENSOR_WIDTH_MM,
        height,
        camera.width_px,
        camera.height_px,
        0,
        flags,
        0,
        b"",
        gimbal.DEVICE,
        number,
    )


def camera_settings(a: "Autopilot", number: int = 1) -> Message:
    """CAMERA_SETTINGS: photographs only."""
    mode = wire.CAMERA_MODE_IMAGE
    return wire.MAVLink_camera_settings_message(a.boot_ms(), mode, math.nan, math.nan, number)


def storage_information(a: "Autopilot", _: int = 1) -> Message:
    """STORAGE_INFORMATION; a full storage has nothing left, whatever was taken."""
    used = min(STORAGE_MIB, a.shutter.count * PHOTO_MIB)
    used = STORAGE_MIB if a.health.storage_full else used
    return wire.MAVLink_storage_information_message(
        a.boot_ms(),
        1,
        1,
        wire.STORAGE_STATUS_READY,
        STORAGE_MIB,
        used,
        STORAGE_MIB - used,
        90.0,
        60.0,
        wire.STORAGE_TYPE_SD,
    )


def camera_capture_status(a: "Autopilot", number: int = 1) -> Message:
    """CAMERA_CAPTURE_STATUS."""
    series, counts = a.shutter.series, a.shutter.counts
    free = 0.0 if a.health.storage_full else STORAGE_MIB - a.shutter.count * PHOTO_MIB
    return wire.MAVLink_camera_capture_status_message(
        a.boot_ms(),
        3 if series is not None else 0,
        0,
        series.interval_s if series is not None else 0.0,
        0,
        max(0.0, free),
        counts[number - 1] if 1 <= number <= len(counts) else 0,
        number,
    )


def camera_feedback(a: "Autopilot", photo: Photo) -> Message:
    """CAMERA_FEEDBACK: where the vehicle believes that it took the photo; cameras count from 0."""
    lon, lat, up = _believed(a, photo)
    return wire.MAVLink_camera_feedback_message(
        a.unix_us(photo.at_s),
        0,
        photo.camera_index - 1,
        photo.number % 65536,
        degrees_e7(lat),
        degrees_e7(lon),
        photo.altitude_m + up,
        photo.altitude_m + up - a.home_m,
        0.0,
        photo.attitude.pitch_deg,
        photo.attitude.yaw_deg,
        0.0,
        0,
        photo.number % 65536,
    )


def camera_image_captured(a: "Autopilot", photo: Photo) -> Message:
    """CAMERA_IMAGE_CAPTURED: the same in the camera protocol."""
    lon, lat, up = _believed(a, photo)
    altitude = photo.altitude_m + up
    return wire.MAVLink_camera_image_captured_message(
        a.boot_ms(),
        a.unix_us(photo.at_s),
        photo.camera_index,
        degrees_e7(lat),
        degrees_e7(lon),
        round(altitude * 1000),
        round((altitude - a.home_m) * 1000),
        list(a.shutter.gimbal.quaternion()),
        photo.number - 1,
        1,
        b"",
    )


def gimbal_manager_information(a: "Autopilot", _: int = 1) -> Message:
    """GIMBAL_MANAGER_INFORMATION."""
    limits = (-math.pi / 6, math.pi / 6, math.radians(gimbal.PITCH_MIN_DEG))
    yaw = math.radians(gimbal.YAW_LIMIT_DEG)
    return wire.MAVLink_gimbal_manager_information_message(
        a.boot_ms(),
        gimbal.CAPABILITIES,
        gimbal.DEVICE,
        *limits,
        math.radians(gimbal.PITCH_MAX_DEG),
        -yaw,
        yaw,
    )


def gimbal_manager_status(a: "Autopilot", _: int = 1) -> Message:
    """GIMBAL_MANAGER_STATUS: who controls it."""
    g = a.shutter.gimbal
    return wire.MAVLink_gimbal_manager_status_message(
        a.boot_ms(), g.flags, gimbal.DEVICE, *g.owner, 0, 0
    )


def gimbal_device_attitude_status(a: "Autopilot", _: int = 1) -> Message:
    """GIMBAL_DEVICE_ATTITUDE_STATUS; a stuck one tells of its motor."""
    g = a.shutter.gimbal
    failure = wire.GIMBAL_DEVICE_ERROR_FLAGS_MOTOR_ERROR if a.health.gimbal_stuck else 0
    return wire.MAVLink_gimbal_device_attitude_status_message(
        0, 0, a.boot_ms(), g.flags, list(g.quaternion()), 0.0, 0.0, 0.0, failure, 0, 0, 1
    )


def mount_status(a: "Autopilot", _: int = 1) -> Message:
    """MOUNT_STATUS, of the older mount protocol."""
    looks = a.shutter.attitude()
    yaw = (looks.yaw_deg - a.body.yaw_deg + 180) % 360 - 180
    return wire.MAVLink_mount_status_message(
        0, 0, round(looks.pitch_deg * 100), 0, round(yaw * 100)
    )


def _believed(a: "Autopilot", photo: Photo) -> tuple[float, float, float]:
    """Longitude, latitude and the error of the altitude that the vehicle believed then."""
    east, north, up = a.estimate.error
    lon, lat = moved(photo.lon, photo.lat, east, north)
    return lon, lat, up


def _padded(text: str) -> list[int]:
    data = text.encode()[:32]
    return list(data) + [0] * (32 - len(data))
