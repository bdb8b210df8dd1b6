"""Photographs know the cases that they are evidence of."""

from collections.abc import Iterable
from dataclasses import replace

from missions.store.protocol import Unit


def note_case(unit: Unit, media: Iterable[str], case_id: str) -> None:
    """Write a case down with the photographs that show what it is about.

    A case's own lists are short and an anomaly's history ends; what must not be deleted, and what
    the catalogue says of a photograph, rests on this. Ids of no medium are passed over.
    """
    for medium in unit.media.find(id=tuple(dict.fromkeys(media))):
        if case_id not in medium.cases:
            unit.media.put(replace(medium, cases=(*medium.cases, case_id)))
