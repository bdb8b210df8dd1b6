"""What one caller may ask: rates, sockets and monthly quotas of `limits.yaml`, read strictly."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from missions.catalog.fields import Fields, read_yaml

HERE = Path(__file__).resolve().parent
DEFAULT = "default"
_MOST_PER_S, _MOST = 100_000, 100_000_000


@dataclass(frozen=True, slots=True)
class Rate:
    """A bucket of ``burst`` requests that fills up again at ``per_s`` requests a second."""

    per_s: float
    burst: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """A role's rates: of what looks, and of what changes."""

    reads: Rate
    writes: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """What a department may have in a calendar month of the city.

    Attributes:
        flight_minutes: as the ledger charges them.
        emergency_requests: counted apart from ``requests``.
    """

    requests: int
    flight_minutes: int
    emergency_requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Everything in the file. Attributes: ``addresses`` is for callers who are not signed in."""

    rates: Mapping[str, Rates]
    addresses: Rate
    sockets: Mapping[str, int]
    quotas: Mapping[str, Quota]

    def rates_of(self, role: str) -> Rates:
        """A role's rates; those of "default" for a custom role."""
        return self.rates.get(role, self.rates[DEFAULT])

    def sockets_of(self, role: str) -> int:
        """How many live views a principal of the role may hold at a time."""
        return self.sockets.get(role, self.sockets[DEFAULT])

    def quota_of(self, department: str) -> Quota:
        """A department's quota, before anybody raised it."""
        return self.quotas.get(department, self.quotas[DEFAULT])


def load_limits(
    departments: Iterable[str] | None, path: Path = HERE / "limits.yaml", *, strict: bool = True
) -> Limits:
    """The limits of a file.

    Args:
        departments: ids of the city; None to leave them unchecked.
        strict: refuse quotas of departments that the city does not have.

    Raises:
        InvalidInput: naming the field.
    """
    file = read_yaml(path)
    rates = {role: _rates(f) for role, f in _named(file, "rates")}
    addresses = _rate(file.mapping("addresses"))
    sockets = file.mapping("sockets")
    held = {role: sockets.whole(role, 1, 100_000) for role in file.raw("sockets")}
    quotas = file.mapping("quotas")
    by_department = {DEFAULT: _quota(quotas.mapping(DEFAULT))}
    known = None if departments is None or not strict else {*departments}
    for name, f in _named(quotas, "departments") if quotas.has("departments") else ():
        if known is not None and name not in known:
            f.fail("", f"no such department: {name!r}", "remove it, or mend the name")
        by_department[name] = _quota(f)
    for whole in (quotas, file):
        whole.finish()
    if DEFAULT not in rates or DEFAULT not in held:
        file.fail("rates", f"rates and sockets need {DEFAULT!r}", f"add `{DEFAULT}:`")
    return Limits(rates=rates, addresses=addresses, sockets=held, quotas=by_department)


@cache
def shipped() -> Limits:
    """The limits that come with the program."""
    return load_limits(None)


def _named(fields: Fields, key: str) -> list[tuple[str, Fields]]:
    inner = fields.mapping(key)
    return [(str(name), inner.mapping(name)) for name in fields.raw(key)]


def _rates(f: Fields) -> Rates:
    made = Rates(reads=_rate(f.mapping("reads")), writes=_rate(f.mapping("writes")))
    f.finish()
    return made


def _rate(f: Fields) -> Rate:
    made = Rate(f.number("per_s", 0.01, _MOST_PER_S), f.whole("burst", 1, _MOST_PER_S))
    f.finish()
    return made


def _quota(f: Fields) -> Quota:
    made = Quota(
        requests=f.whole("requests", 0, _MOST),
        flight_minutes=f.whole("flight_minutes", 0, _MOST),
        emergency_requests=f.whole("emergency_requests", 0, _MOST),
    )
    f.finish()
    return made
