"""Which way a camera looked, from the tags that vendors document; an impossible angle is named.

- DJI, and Autel's newer firmware: ``drone-dji:GimbalYawDegree`` and so on, pitch -90 straight down.
- Parrot: ``drone-parrot:CameraYawDegree`` and so on, pitch -90 straight down.
- Pix4D's ``Camera:Yaw`` and so on (Parrot Sequoia, MicaSense, Sentera, older Autel): pitch 0
  straight down with the picture's top to the north. senseFly writes the roll with the other sign.
- Plain EXIF holds a direction (GPSImgDirection) and no pitch: a pose only with a pitch that the
  person who brings the file declares.
"""

import math
from collections.abc import Mapping

from core.pose import Attitude
from imagery.files.exif import Exif

MAX_ROLL_DEG = 60.0
"""Beyond any gimbal's and any fixed wing's bank when it takes photographs (DJI gimbals: 45)."""
_NADIR_DEG = 20.0
_UPSIDE_DOWN_DEG = 150.0
_VENDORS = (
    ("GimbalYawDegree", "GimbalPitchDegree", "GimbalRollDegree", 0.0),
    ("CameraYawDegree", "CameraPitchDegree", "CameraRollDegree", 0.0),
    ("Yaw", "Pitch", "Roll", -90.0),
)


def number(tags: Mapping[str, str], name: str, problems: list[str]) -> float | None:
    """A tag as a finite number; what is none is named in ``problems``."""
    text = tags.get(name)
    if text is None or not text.strip():
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        problems.append(f"{name} is {text[:40]!r}, no number")
        return None
    return value


def attitude_of(exif: Exif, tags: Mapping[str, str], problems: list[str]) -> Attitude | None:
    """The camera's attitude by the first vendor's tags that are there; None where none says it."""
    for *names, down in _VENDORS:
        yaw, pitch, roll = (number(tags, name, problems) for name in names)
        if yaw is None or pitch is None:
            continue
        roll = roll or 0.0
        if down and exif.text("Make").lower() == "sensefly":
            roll = -roll
        return _checked(yaw, pitch + down, roll, problems)
    return None


def direction_deg(exif: Exif, problems: list[str]) -> float | None:
    """EXIF's GPSImgDirection, degrees clockwise from true north; None where it is missing or
    magnetic."""
    value = exif.gps_number("ImgDirection")
    if value is None:
        return None
    if not 0.0 <= value <= 360.0:
        problems.append(f"impossible direction: {value:g} degrees")
        return None
    if exif.gps_text("ImgDirectionRef").upper() == "M":
        problems.append("its direction is from magnetic north: not used")
        return None
    return value


def _checked(yaw: float, pitch: float, roll: float, problems: list[str]) -> Attitude | None:
    if not -180.0 <= pitch <= 180.0 or abs(yaw) > 360.0 or abs(roll) > 360.0:
        problems.append(f"impossible attitude: yaw {yaw:g}, pitch {pitch:g}, roll {roll:g} degrees")
        return None
    roll = (roll + 180.0) % 360.0 - 180.0
    if abs(roll) >= _UPSIDE_DOWN_DEG and abs(pitch + 90.0) <= _NADIR_DEG:
        problems.append(
            f"roll {roll:g} at pitch {pitch:g} is the gimbal past straight down: read as yaw "
            f"{(yaw + 180.0) % 360.0:g}, pitch {-180.0 - pitch:g}, roll {_turned(roll):g}"
        )
        return Attitude(
            yaw_deg=(yaw + 180.0) % 360.0, pitch_deg=-180.0 - pitch, roll_deg=_turned(roll)
        )
    if abs(roll) > MAX_ROLL_DEG:
        problems.append(f"impossible attitude: roll {roll:g} at pitch {pitch:g} degrees")
        return None
    return Attitude(yaw_deg=yaw, pitch_deg=pitch, roll_deg=roll)


def _turned(roll: float) -> float:
    """A roll seen from the other side of straight down: the same rotation, half a turn less."""
    return roll - 180.0 if roll > 0 else roll + 180.0
