"""The pieces that pass between us and dronekit's process."""

from hypothesis import given
from hypothesis import strategies as st

from fleet.links.dronekit_driver import Frames, frame


@given(st.lists(st.binary(max_size=300), max_size=8), st.data())
def test_pieces_survive_any_cut(pieces: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(frame(p) for p in pieces)
    cut = data.draw(st.integers(0, len(stream)))
    frames = Frames()
    assert frames.feed(stream[:cut]) + frames.feed(stream[cut:]) == pieces
