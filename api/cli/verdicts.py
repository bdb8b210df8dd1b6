"""How a check of a signed file is told: its faults, and whose key signed it."""

from collections.abc import Sequence

from api.cli.output import err, out


def say_faults(faults: Sequence[str], most: int) -> None:
    """The first faults, and how many more there are."""
    for fault in faults[:most]:
        err.print(fault, markup=False)
    if len(faults) > most:
        err.print(f"... and {len(faults) - most} more")


def say_key(key: str | None, *, trusted: bool, what: str) -> None:
    """Who signed: the key that was given, or only the one that lies in the file itself."""
    if key:
        whose = "the key you gave" if trusted else f"the key in the {what} itself"
        out.print(f"signed by {whose}: {key}")
