"""A signal enters: it joins an earlier one, or leads and is told; all in the caller's unit."""

from dataclasses import replace

from missions.lifecycle import move
from missions.operations.journal import alert, note
from missions.presets import Preset
from missions.signals.joining import leader_of
from missions.signals.model import Outcome, Signal, SignalState
from missions.signals.showing import named, of_the_look
from missions.store.protocol import Unit


def enter(unit: Unit, preset: Preset, signal: Signal) -> Signal:
    """Keep a new signal and say what it became.

    One that asks for nothing is told and done; one of a matter joins its leader, or leads.
    """
    rule = preset.signals.looks.get(signal.matter)
    if signal.outcome is not None:  # too weak: kept, nobody is told
        signal = move(signal, SignalState.ANSWERED)
    elif rule is None:
        signal = _told(unit, signal)
    else:
        found = leader_of(unit, signal, rule)
        if found is not None:
            leader, joined = found
            unit.signals.put(replace(leader, members=leader.members + 1))
            signal = move(signal, SignalState.DUPLICATE, joined=joined)
            if leader.state is SignalState.ANSWERED:
                signal = named(unit, signal, of_the_look(unit, leader))
        else:
            _tell(unit, signal)
    unit.signals.add(signal)
    note(
        unit,
        signal.received_at,
        signal.id,
        "signal.enter",
        f"{signal.source}: {signal.text} ({signal.state})",
        f"{signal.text_zh}（{signal.state}）",
        actor=signal.by,
    )
    return signal


def _told(unit: Unit, signal: Signal) -> Signal:
    _tell(unit, signal)
    outcome = Outcome(
        code="told",
        at=signal.received_at,
        text="told; nobody flies for this",
        text_zh="已告知，无需飞行",
    )
    return move(signal, SignalState.ANSWERED, outcome=outcome)


def _tell(unit: Unit, signal: Signal) -> None:
    alert(
        unit,
        signal.received_at,
        "signal",
        signal.severity,
        signal.text,
        signal.text_zh,
        department=signal.department,
        shared_with=signal.shared_with,
        event_type=signal.matter or None,
        position=signal.position,
        county=signal.county,
    )
