"""What changed between two looks at the same place: registered, in one light, scored."""
