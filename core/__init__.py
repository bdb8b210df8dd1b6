"""Values that several folders share: pure, frozen, no input or output."""
