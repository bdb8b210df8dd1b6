"""XMP properties, read safely and fast."""

from xml.etree.ElementTree import ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

MAX_BYTES = 262_144
"""Larger packets are skipped: a camera's is 1-8 kB, a JPEG segment holds at most 64 kB."""

_WANTED = {
    "http://www.dji.com/drone-dji/1.0/",
    "http://pix4d.com/camera/1.0",
    "http://pix4d.com/camera/1.0/",
    "http://ns.adobe.com/xap/1.0/",
    "http://ns.sensefly.com/Camera/1.0/",
    "http://www.parrot.com/drone-parrot/1.0/",
}
"""The schemas a drone's pose and time are in: DJI, Pix4D Camera, basic XMP, senseFly, Parrot."""


def parse_xmp(packet: bytes, problems: list[str]) -> dict[str, str]:
    """Properties by local name, from attributes and from elements.

    Only the schemas in ``_WANTED`` are read. A broken or hostile packet gives an empty mapping and
    a line in ``problems``.
    """
    start = packet.find(b"<x:xmpmeta")
    end = packet.rfind(b"</x:xmpmeta>")
    if start < 0 or end < start:
        return {}
    if end - start > MAX_BYTES:
        problems.append(f"the XMP packet has {end - start} bytes: skipped")
        return {}
    try:
        root = ElementTree.fromstring(packet[start : end + 12], forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        problems.append(f"XMP cannot be read ({type(error).__name__})")
        return {}
    tags: dict[str, str] = {}
    for element in root.iter():
        for name, value in element.attrib.items():
            _keep(tags, name, value)
        if element.text and not len(element):
            _keep(tags, element.tag, element.text)
    return tags


def _keep(tags: dict[str, str], name: str, value: str) -> None:
    schema, brace, local = name[1:].partition("}")
    if brace and schema in _WANTED:
        tags[local] = value.strip()
