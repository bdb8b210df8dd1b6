"""What a file says of itself: JPEG segments, EXIF, XMP, time, pose."""
