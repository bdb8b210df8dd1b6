"""Transfers over a channel that loses, doubles and reorders: proven or failed, never wrong."""

import random
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.messages import (
    Message,
    MissionAck,
    MissionCount,
    MissionItem,
    MissionRequest,
    MissionRequestList,
)
from fleet.plans.mission import differences
from fleet.uploads.transfer import Download, Upload

KINDS = (16, 22, 178, 206)


class Memory:
    """An autopilot's mission store: not atomic, asks for items again, gives up in the end."""

    def __init__(self, rng: random.Random, dies_at: int | None) -> None:
        self.items: list[MissionItem] = []
        self._coming: list[MissionItem] | None = None
        self._count = 0
        self._age = 0
        self._dies_at = dies_at

    def receive(self, message: Message) -> Iterator[Message]:
        if self._dies_at is not None:
            self._dies_at -= 1
            if self._dies_at < 0:
                self._coming = None
                return
        self._age = 0
        if isinstance(message, MissionCount):
            self._coming, self._count = [], message.count
            yield MissionRequest(seq=0, old=True)
        elif isinstance(message, MissionItem):
            yield from self._store(message)
        elif isinstance(message, MissionRequestList):
            yield MissionCount(count=len(self.items))
        elif isinstance(message, MissionRequest) and message.seq < len(self.items):
            yield self.items[message.seq]

    def _store(self, item: MissionItem) -> Iterator[Message]:
        if self._coming is None:
            yield MissionAck(result=1)
            return
        if item.seq != len(self._coming):
            yield MissionAck(result=13)
            return
        self._coming.append(item)
        self.items = list(self._coming)  # truncated until complete: uploads are not atomic
        if len(self._coming) == self._count:
            self._coming = None
            yield MissionAck(result=0)
        else:
            yield MissionRequest(seq=len(self._coming), old=True)

    def waited(self) -> Iterator[Message]:
        if self._coming is not None:
            self._age += 1
            if self._age > 8:
                self._coming = None
                yield MissionAck(result=15)
            else:
                yield MissionRequest(seq=len(self._coming), old=True)


class Air:
    """What is under way; each message may vanish, double, or be overtaken."""

    def __init__(self, rng: random.Random, loss: float) -> None:
        self._rng = rng
        self._loss = loss
        self.under_way: list[tuple[bool, Message]] = []

    def put(self, upward: bool, message: Message) -> None:
        if self._rng.random() < self._loss:
            return
        for _ in range(2 if self._rng.random() < 0.1 else 1):
            place = len(self.under_way)
            if place and self._rng.random() < 0.15:
                place -= self._rng.randint(1, min(3, place))
            self.under_way.insert(place, (upward, message))


def carry(machine: Upload | Download, memory: Memory, air: Air) -> None:
    for message in machine.begin():
        air.put(True, message)
    for _ in range(20_000):
        if machine.finished:
            return
        if air.under_way:
            upward, message = air.under_way.pop(0)
            replies = memory.receive(message) if upward else iter(machine.receive(message))
            for reply in replies:
                air.put(not upward, reply)
        else:
            for message in memory.waited():
                air.put(False, message)
            for message in machine.overdue():
                air.put(True, message)
    raise AssertionError("the transfer never ends")


@st.composite
def missions(draw: st.DrawFn) -> list[MissionItem]:
    n = draw(st.integers(1, 12))
    return [
        MissionItem(
            seq=i,
            command=draw(st.sampled_from(KINDS)),
            frame=6,
            x=draw(st.integers(-900000000, 900000000)),
            y=draw(st.integers(-1800000000, 1800000000)),
            z=float(draw(st.integers(1, 120))),
        )
        for i in range(n)
    ]


@settings(max_examples=150, deadline=None)
@given(
    missions(),
    missions(),
    st.integers(0, 2**32),
    st.floats(0, 0.3),
    st.none() | st.integers(0, 40),
)
def test_an_upload_is_proven_or_failed_and_never_wrong(
    old: list[MissionItem],
    new: list[MissionItem],
    seed: int,
    loss: float,
    dies_at: int | None,
) -> None:
    rng = random.Random(seed)
    memory, air = Memory(rng, dies_at), Air(rng, loss)
    memory.items = list(old)
    upload = Upload(new)
    carry(upload, memory, air)
    if upload.problem:
        return
    back = Download()
    carry(back, memory, air)
    if back.problem or differences(new, back.items):
        return
    assert [(i.command, i.x, i.y, i.z) for i in memory.items[1:]] == [
        (i.command, i.x, i.y, i.z) for i in new[1:]
    ]


@settings(max_examples=50, deadline=None)
@given(missions(), st.integers(0, 2**32))
def test_without_loss_every_upload_is_proven(items: list[MissionItem], seed: int) -> None:
    memory, air = Memory(random.Random(seed), None), Air(random.Random(seed), 0.0)
    air.put = lambda upward, message: air.under_way.append((upward, message))  # type: ignore[method-assign]
    upload, back = Upload(items), Download()
    carry(upload, memory, air)
    carry(back, memory, air)
    assert upload.confirmed
    assert not differences(items, back.items)


_MESSAGES = st.one_of(
    st.builds(MissionCount, count=st.integers(0, 65535), mission_type=st.integers(0, 255)),
    st.builds(MissionRequest, seq=st.integers(0, 65535), old=st.booleans()),
    st.builds(MissionAck, result=st.integers(0, 255), mission_type=st.integers(0, 2)),
    st.builds(
        MissionItem, seq=st.integers(0, 65535), command=st.integers(0, 65535), frame=st.just(0)
    ),
)


@settings(max_examples=200, deadline=None)
@given(missions(), st.lists(st.none() | _MESSAGES, max_size=60))
def test_no_sequence_of_answers_breaks_a_transfer(
    items: list[MissionItem], answers: list[Message | None]
) -> None:
    for machine in (Upload(items), Download()):
        machine.begin()
        for answer in answers:
            if machine.finished:
                break
            if answer is None:
                machine.overdue()
            else:
                machine.receive(answer)
        assert 1.0 <= machine.wait_s <= 8.0
