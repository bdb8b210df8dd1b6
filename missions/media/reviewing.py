"""The officers' desk: reviews with their pictures, decisions, and taking them back."""

from collections import OrderedDict
from threading import Lock

import numpy as np

from core.errors import InvalidInput, NotFound
from imagery.change.picture import BeforeAfter, before_after, encoded
from imagery.detectors.run import Picture, read_picture
from missions.access import Principal
from missions.cases import reviews
from missions.cases.reviews import Saying
from missions.entities import PictureBox, Review
from missions.evidence.showing import Showing
from missions.media.desk import Desk
from missions.operations.room import ControlRoom

VIEWS = ("before", "after", "comparison")
_KEPT = 24
"""Pictures kept ready: an officer goes back and forth between neighbours."""


class ReviewDesk:
    """What officers do with reviews."""

    def __init__(self, room: ControlRoom) -> None:
        self._room = room
        self._showing = Showing(Desk.of(room))
        self._pictures: OrderedDict[tuple[str, ...], bytes] = OrderedDict()
        self._lock = Lock()

    def get(self, p: Principal, review_id: str) -> Review:
        """One review. Raises NotFound."""
        with self._room.view() as unit:
            found: Review = p.checked(unit.reviews.get(review_id))
            return found

    def decide(self, p: Principal, review_id: str, saying: Saying) -> Review:
        """An officer's word; see `missions.cases.reviews.decide`."""
        with self._room.unit() as unit:
            return reviews.decide(unit, self._room.preset, self._room.clock, p, review_id, saying)

    def undo(self, p: Principal, review_id: str) -> Review:
        """Take the latest word back; see `missions.cases.reviews.undo`."""
        with self._room.unit() as unit:
            return reviews.undo(unit, self._room.clock, p, review_id)

    def picture(
        self, p: Principal, review_id: str, view: str, *, close: bool, marked: bool, kind: str
    ) -> bytes:
        """A detector's find as a picture: JPEG or PNG.

        Args:
            view: "before" and "after" lie on each other pixel by pixel; "comparison" is both side
                by side, marked. A model's find has no before: its comparison is the photograph.
            close: only the surroundings of the find.
            marked: with a frame round the find.

        Raises:
            NotFound: no such review or photograph for this caller, or nothing to show.
        """
        if view not in VIEWS or kind not in ("jpg", "png"):
            raise InvalidInput(f"no such view: {view}.{kind}", where="view", remedy=str(VIEWS))
        review = self.get(p, review_id)
        key = (review_id, p.department or p.role, view, str(close), str(marked), kind)
        with self._lock:
            ready = self._pictures.get(key)
        if ready is None:
            ready = encoded(self._drawn(p, review, view, close=close, marked=marked), kind)
            with self._lock:
                self._pictures[key] = ready
                while len(self._pictures) > _KEPT:
                    self._pictures.popitem(last=False)
        return ready

    def _drawn(
        self, p: Principal, review: Review, view: str, *, close: bool, marked: bool
    ) -> Picture:
        found = review.found
        if found is None or not found.boxes or (view == "before" and not found.transform):
            raise NotFound("nothing to show beside the photographs", where=review.id)
        pair = self._aligned(p, review, close=close)
        if view == "comparison":
            return pair.side_by_side() if found.transform else pair.marked(pair.after)
        shown = pair.before if view == "before" else pair.after
        return pair.marked(shown) if marked else shown

    def _aligned(self, p: Principal, review: Review, *, close: bool) -> BeforeAfter:
        found = review.found
        if found is None:
            raise NotFound("no find", where=review.id)
        after, later = found.boxes[0], self._photograph(p, found.boxes[0])
        if not found.transform:
            return before_after(later, later, np.eye(3), [_whole(after)], close=close)
        before = found.boxes[1]
        move = np.array(found.transform, float).reshape(3, 3)
        return before_after(self._photograph(p, before), later, move, [_whole(before)], close=close)

    def _photograph(self, p: Principal, box: PictureBox) -> Picture:
        with self._room.view() as unit:
            medium = p.checked(unit.media.get(box.medium_id))
        return read_picture(self._showing.preview(p, medium), medium.id)


def _whole(box: PictureBox) -> tuple[int, int, int, int]:
    return round(box.x), round(box.y), max(1, round(box.w)), max(1, round(box.h))
