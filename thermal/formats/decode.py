"""A file's bytes become temperatures, or are refused by name."""

from core.errors import InvalidInput, UnknownEncoding, UnreadableMedia
from imagery.files import jpeg
from imagery.files.exif import camera_model
from thermal.formats import dji, flir, tiff
from thermal.formats.frame import ThermalFrame
from thermal.parameters import Change

_TIFF_HEADS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_EXIF_HEAD = b"Exif\0\0"
_APP4_FRAME_MIN = 1024


def decode(data: bytes, parameters: Change = None, *, scale: str | None = None) -> ThermalFrame:
    """Temperatures from a FLIR R-JPEG, a DJI R-JPEG or a thermal TIFF.

    Args:
        data: the whole file.
        parameters: emissivity, air and so on in place of the file's own: all of them, or some by
            name (`{"emissivity": 0.9}`); emissivity and distance_m may be (H, W) arrays. A TIFF's
            temperatures are corrected already: it takes none.
        scale: of a 16 bit TIFF that names none (`thermal.formats.tiff.SCALES`).

    Raises:
        UnreadableMedia: empty, truncated or broken.
        UnknownEncoding: no radiometric encoding that can be read exactly; says what is needed.
        InvalidInput: the caller's parameters are impossible or do not fit the file.
    """
    if not data:
        raise UnreadableMedia("the file is empty", remedy="copy it again from the card")
    if data[:4] in _TIFF_HEADS:
        if parameters is not None:
            raise InvalidInput(
                "a TIFF holds finished temperatures: nothing is known of the camera's signal",
                where="radiometric parameters",
                remedy="set them where the TIFF is exported, or send the original R-JPEG",
            )
        return tiff.decode(data, scale)
    if not jpeg.is_jpeg(data):
        raise UnreadableMedia(
            "no JPEG and no TIFF", remedy="check that the file is what its name says"
        )
    segments = list(jpeg.segments(data))
    if any(s.marker == 0xE1 and s.payload.startswith(flir.HEAD) for s in segments):
        return flir.decode(flir.block(segments), parameters)
    if any(s.marker == 0xE3 and len(s.payload) > _APP4_FRAME_MIN for s in segments):
        return dji.decode(segments, _model(segments), parameters)
    raise UnknownEncoding(
        "a picture without radiometric data: its colours are no temperatures",
        remedy="switch the camera to R-JPEG, or send the original file instead of an edited copy",
    )


def _model(segments: list[jpeg.Segment]) -> str:
    for segment in segments:
        if segment.marker == 0xE1 and segment.payload.startswith(_EXIF_HEAD):
            return camera_model(segment.payload)
    return ""
