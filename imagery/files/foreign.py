"""What a file is that is no photograph we read, told by its first bytes (IANA, file(1))."""

from core.errors import UnreadableMedia

_UNPACK = "unpack it and bring the photographs in it"
_CONVERT = "set the camera to JPEG, or convert it with its metadata kept"
_NOT_A_PHOTO = "leave it out"
_KINDS = (
    (0, b"PK\x03\x04", "a ZIP archive", _UNPACK),
    (0, b"PK\x05\x06", "an empty ZIP archive", _UNPACK),
    (0, b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (0, b"\x1f\x8b", "a gzip archive", _UNPACK),
    (0, b"BZh", "a bzip2 archive", _UNPACK),
    (0, b"\xfd7zXZ\x00", "an xz archive", _UNPACK),
    (257, b"ustar", "a tar archive", _UNPACK),
    (0, b"%PDF-", "a PDF document", _NOT_A_PHOTO),
    (4, b"ftyphei", "a HEIC picture", _CONVERT),
    (4, b"ftypmif1", "a HEIF picture", _CONVERT),
    (4, b"ftypavif", "an AVIF picture", _CONVERT),
    (4, b"ftypcrx", "a Canon raw picture", _CONVERT),
    (4, b"ftyp", "a video", "videos are not taken in; bring photographs"),
    (0, b"\x1aE\xdf\xa3", "a video", "videos are not taken in; bring photographs"),
    (0, b"GIF8", "a GIF picture", _CONVERT),
    (0, b"BM", "a BMP picture", _CONVERT),
    (8, b"WEBP", "a WebP picture", _CONVERT),
    (0, b"\x7fELF", "a program", _NOT_A_PHOTO),
    (0, b"MZ", "a program", _NOT_A_PHOTO),
    (0, b"FFF\x00", "a bare FLIR FFF file", "bring the radiometric JPEG of the camera"),
)


def refuse_foreign(data: bytes) -> None:
    """Say what a file is where it is known and no photograph that can be read.

    Raises:
        UnreadableMedia: it is an archive, a video, a document, or all zeros.
    """
    for at, magic, name, remedy in _KINDS:
        if data[at : at + len(magic)] == magic:
            raise UnreadableMedia(f"this is {name}, no photograph", remedy=remedy)
    if not any(data[:4096]):
        raise UnreadableMedia(
            "the file is all zeros: it was never written to the card",
            remedy="copy it again; if that does not help the card is worn",
        )
