"""A writer of small radiometric files as drones leave them: FLIR and DJI R-JPEGs, TIFFs."""

import io
import struct
from datetime import UTC, datetime

import cv2
import numpy as np
import tifffile
from PIL import Image

PLANCK = {"r1": 17096.453125, "b": 1428.0, "f": 1.0, "o": -267, "r2": 0.04658205807209015}
"""Of a DJI XT2's FLIR core; counts of 0 to 60 C are about 2500 to 6000."""

XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:drone-dji="http://www.dji.com/drone-dji/1.0/"
{tags}/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""

PARAMETERS = {
    "emissivity": 0.95,
    "distance_m": 50.0,
    "reflected_k": 293.15,
    "air_k": 293.15,
    "window_k": 293.15,
    "window_transmission": 1.0,
    "humidity": 0.5,
}


def jpeg_of(gray, *, taken_at=None, lon=118.87, lat=28.97, altitude_m=200.0, model="cam", xmp=None,
            serial="QZ-07", focal35=40, offset="+00:00"):  # fmt: skip
    """A JPEG with EXIF and XMP."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "FlyOnce", model
    inner = exif.get_ifd(0x8769)
    moment = taken_at or datetime(2026, 5, 12, 6, 30, 15, 250_000, UTC)
    inner[0x9003] = moment.strftime("%Y:%m:%d %H:%M:%S")
    if offset:
        inner[0x9011] = offset
    inner[0x9291] = f"{moment.microsecond // 1000:03d}"
    inner[0xA431] = serial
    if focal35:
        inner[0xA405] = focal35
    if lon is not None:
        gps = exif.get_ifd(0x8825)
        gps[1], gps[2] = "N" if lat >= 0 else "S", _dms(abs(lat))
        gps[3], gps[4] = "E" if lon >= 0 else "W", _dms(abs(lon))
        gps[5], gps[6] = b"\0", altitude_m
    out = io.BytesIO()
    extra = {} if xmp is None else {"xmp": xmp.encode()}
    Image.fromarray(gray).save(out, "JPEG", exif=exif, **extra)
    return out.getvalue()


def dji_xmp(**tags):
    """An XMP packet with drone-dji attributes."""
    return XMP.format(tags="\n".join(f'drone-dji:{k}="{v}"' for k, v in tags.items()))


def pose_xmp(lon=118.87, lat=28.97, altitude_m=200.0, yaw=0.0, pitch=-90.0, roll=0.0):
    """The tags of a pose as a DJI drone writes them."""
    return dji_xmp(GpsLatitude=f"{lat:+.9f}", GpsLongitude=f"{lon:+.9f}",
                   AbsoluteAltitude=f"{altitude_m:+.3f}", RelativeAltitude="+100.0",
                   GimbalYawDegree=f"{yaw:+.2f}", GimbalPitchDegree=f"{pitch:+.2f}",
                   GimbalRollDegree=f"{roll:+.2f}")  # fmt: skip


def counts_for(celsius, planck=PLANCK):
    """Counts of black bodies, rounded."""
    kelvin = np.asarray(celsius, float) + 273.15
    raw = planck["r1"] / (planck["r2"] * (np.exp(planck["b"] / kelvin) - planck["f"])) - planck["o"]
    return np.clip(np.round(raw), 0, 65535).astype(np.uint16)


def fff_block(counts, *, png=True, planck=PLANCK, big_endian=True, **parameters):
    """A FLIR FFF block with a raw record and a camera record."""
    p = {**PARAMETERS, **parameters}
    height, width = counts.shape
    raw = struct.pack("<HHH", 2, width, height).ljust(32, b"\0")
    if png:
        raw += cv2.imencode(".png", counts.byteswap())[1].tobytes()
    else:
        raw += counts.astype("<u2").tobytes()
    camera = bytearray(0x400)
    struct.pack_into("<HHH", camera, 0, 2, width, height)
    names = ("emissivity", "distance_m", "reflected_k", "air_k", "window_k", "window_transmission")
    struct.pack_into("<6f", camera, 0x20, *(p[n] for n in names))
    struct.pack_into("<f", camera, 0x3C, p["humidity"])
    struct.pack_into("<3f", camera, 0x58, planck["r1"], planck["b"], planck["f"])
    struct.pack_into("<5f", camera, 0x70, 0.006569, 0.01262, -0.002276, -0.00667, 1.9)
    struct.pack_into("<if", camera, 0x308, planck["o"], planck["r2"])
    camera[0xD4:0xE0] = b"FlyOnce test"
    order = ">" if big_endian else "<"
    head = b"FFF\0".ljust(20, b"\0") + struct.pack(f"{order}III", 100, 64, 2)
    directory = b""
    offset = 64 + 2 * 32
    for kind, body in ((1, raw), (0x20, bytes(camera))):
        entry = struct.pack(f"{order}HHIIII", kind, 2, 100, 1, offset, len(body))
        directory += entry.ljust(32, b"\0")
        offset += len(body)
    return head.ljust(64, b"\0") + directory + raw + bytes(camera)


def with_flir(jpeg, fff, chunk=60_000):
    """The JPEG with the block in APP1 segments behind its start."""
    parts = [fff[i : i + chunk] for i in range(0, len(fff), chunk)]
    segments = b""
    for number, part in enumerate(parts):
        payload = b"FLIR\0\x01" + bytes([number, len(parts) - 1]) + part
        segments += b"\xff\xe1" + struct.pack(">H", len(payload) + 2) + payload
    return jpeg[:2] + segments + jpeg[2:]


def thermal_jpeg(celsius, *, pose=None, png=True, emissivity=1.0, distance_m=0.0, **tags):
    """A whole radiometric file; with emissivity 1 and no air the temperatures read back are
    the given ones up to the rounding of a count (about 0.02 C)."""
    low, high = float(np.min(celsius)), float(np.max(celsius))
    gray = np.uint8(255 * (np.asarray(celsius) - low) / max(high - low, 1e-6))
    jpeg = jpeg_of(gray, xmp=pose_xmp(**(pose or {})), **tags)
    fff = fff_block(counts_for(celsius), png=png, emissivity=emissivity, distance_m=distance_m)
    return with_flir(jpeg, fff)


def _dms(angle):
    degrees = int(angle)
    minutes = int((angle - degrees) * 60)
    return (float(degrees), float(minutes), (angle - degrees - minutes / 60) * 3600)


def dji_jpeg(celsius, *, model="M3T", version=0x200, emissivity=0.95, distance_m=5.0, humidity=0.5,
             air_c=25.0, reflected_c=25.0, pose=None, **tags):  # fmt: skip
    """A whole DJI R-JPEG: APP3 holds K * 64 of the given APPARENT temperatures, APP4 the header of
    R-JPEG 0x200 and later; the Mavic 2's header has neither mark nor size (640 x 512 only)."""
    samples = np.round((np.asarray(celsius) + 273.15) * 64).astype("<u2")
    parameters = struct.pack("<5f", air_c, distance_m, emissivity, humidity, reflected_c)
    if model == "MAVIC2-ENTERPRISE-ADVANCED":
        head = bytearray(224)
        head[:20] = parameters
    else:
        head = bytearray(256)
        head[:8], head[32:52] = b"\xff\xd2\xd1\xffiirp", parameters
        head[153:157] = version.to_bytes(4, "little")
        struct.pack_into("<HH", head, 157, samples.shape[1], samples.shape[0])
    gray = np.zeros(samples.shape, np.uint8)
    jpeg = jpeg_of(gray, model=model, xmp=pose_xmp(**(pose or {})), **tags)
    return with_dji(jpeg, samples.tobytes(), bytes(head))


def with_dji(jpeg, raw, head):
    """The JPEG with a DJI frame in APP3 segments and its header in APP4, before the tables."""
    at = jpeg.index(b"\xff\xdb")
    pieces = [(0xE3, raw[i : i + 65_000]) for i in range(0, len(raw), 65_000)] + [(0xE4, head)]
    segments = b"".join(
        b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body
        for marker, body in pieces
    )
    return jpeg[:at] + segments + jpeg[at:]


def tiff_of(array, **options):
    """A TIFF of one band; `options` go to tifffile (compression, tile, extratags ...)."""
    out = io.BytesIO()
    tifffile.imwrite(out, array, **options)
    return out.getvalue()


def bare_tiff(width, height, strip=b"", *, compression=1, bits=32, form=3, rows=None):
    """A little-endian TIFF of one strip, written by hand so that its tags may lie."""
    entries = [(256, width), (257, height), (258, bits), (259, compression), (262, 1), (273, 0),
               (277, 1), (278, rows or height), (279, len(strip)), (339, form)]  # fmt: skip
    start = 8 + 2 + 12 * len(entries) + 4
    body = struct.pack("<H", len(entries))
    for tag, value in entries:
        short = tag in (258, 259, 262, 277, 339)
        value = start if tag == 273 else value
        body += struct.pack("<HHI", tag, 3 if short else 4, 1)
        body += struct.pack("<HH", value, 0) if short else struct.pack("<I", value)
    return b"II*\0" + struct.pack("<I", 8) + body + bytes(4) + strip
