"""The engine for any routing problem: trips over work with prizes, windows and rests."""
