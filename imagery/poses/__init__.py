"""Do photographs lie about their pose? Tie points, mended poses, a block adjustment."""
