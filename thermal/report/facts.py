"""What a file says about itself, as the page lists it: name, Chinese name, value."""

from hashlib import sha256

from imagery.files.metadata import Metadata
from thermal.formats.frame import ThermalFrame

Fact = tuple[str, str, str]


def facts_of(data: bytes, meta: Metadata, frame: ThermalFrame) -> tuple[Fact, ...]:
    """All that is known of a file; what it does not say is left out."""
    listed = (*_camera(meta, frame), *_where(meta), *_radiometry(frame), *_file(data))
    return tuple(fact for fact in listed if fact[2])


def _camera(meta: Metadata, frame: ThermalFrame) -> tuple[Fact, ...]:
    height, width = frame.celsius.shape
    when = f"{meta.taken_at:%Y-%m-%d %H:%M:%S} UTC" if meta.taken_at else ""
    if when and meta.time_assumed:
        when += " (zone assumed · 时区为推定)"
    return (
        ("camera", "相机", (frame.camera or meta.camera_model).strip("* ")),
        ("maker", "厂商", meta.make.strip()),
        ("aircraft serial number", "飞行器序列号", meta.vehicle_serial),
        ("taken", "拍摄时间", when),
        ("frame", "画幅", f"{width} × {height}"),
        ("focal length", "焦距", f"{meta.focal_mm:.1f} mm" if meta.focal_mm else ""),
    )


def _where(meta: Metadata) -> tuple[Fact, ...]:
    pose = meta.pose
    looks = (
        f"{pose.attitude.yaw_deg % 360:.1f}° / {pose.attitude.pitch_deg:.1f}° / "
        f"{pose.attitude.roll_deg:.1f}°"
        if pose
        else ""
    )
    place = f"{meta.position.lat:.7f}, {meta.position.lon:.7f}" if meta.position else ""
    above = f"{meta.relative_altitude_m:.1f} m" if meta.relative_altitude_m is not None else ""
    return (
        ("camera at (lat, lon)", "相机位置（纬度, 经度）", place),
        ("height above sea", "海拔", f"{meta.altitude_m:.1f} m" if meta.altitude_m else ""),
        ("height above take-off", "相对起飞点高度", above),
        ("yaw / pitch / roll", "偏航 / 俯仰 / 横滚", looks),
    )


def _radiometry(frame: ThermalFrame) -> tuple[Fact, ...]:
    p = frame.parameters.summary()
    shown: tuple[Fact, ...] = (("encoding", "编码", frame.encoding),)
    if not frame.corrected:
        return (*shown, ("temperatures", "温度", "apparent (emissivity 1) · 表观温度（发射率 1）"))
    if frame.encoding.startswith("TIFF"):
        return (*shown, ("temperatures", "温度", "as exported · 按导出值"))
    return (
        *shown,
        ("emissivity", "发射率", f"{p['emissivity']:.2f}"),
        ("reflected temperature", "反射温度", f"{p['reflected_c']:.1f} °C"),
        ("air", "空气", f"{p['air_c']:.1f} °C, {p['humidity']:.0%}"),
        ("distance", "距离", f"{p['distance_m']:.1f} m"),
        ("window transmission", "窗口透过率", f"{p['window_transmission']:.2f}"),
    )


def _file(data: bytes) -> tuple[Fact, ...]:
    return (
        ("file size", "文件大小", f"{len(data):,} B"),
        ("SHA-256", "SHA-256", sha256(data).hexdigest()),
    )
