"""What is made of photographs: temperature rasters, mosaics, catalogue entries."""
