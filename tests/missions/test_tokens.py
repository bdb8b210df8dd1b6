"""Tokens: shown once, kept as a hash, ended at once."""

from pathlib import Path

import pytest

from core.errors import InvalidInput
from missions.access import LOCAL_OPERATOR, Principal, Role
from missions.identity.tokens import make, resolve, revoke
from missions.store import SqlStore, Store

OFFICER = Principal(name="wang", role=Role.MEMBER, department="forestry")


def test_a_token_names_its_principal(store: Store) -> None:
    with store.unit() as unit:
        token, other = make(unit, OFFICER), make(unit, LOCAL_OPERATOR)
    assert token != other
    with store.view() as unit:
        assert resolve(unit, token) == OFFICER
        assert resolve(unit, other) == LOCAL_OPERATOR


@pytest.mark.parametrize("token", ["", "fo_", "fo_wrong", "Bearer x", "\ud800", "x" * 10_000])
def test_a_wrong_token_names_nobody(store: Store, token: str) -> None:
    with store.view() as unit:
        assert resolve(unit, token) is None


def test_a_revoked_token_names_nobody(store: Store) -> None:
    with store.unit() as unit:
        token, second, other = make(unit, OFFICER), make(unit, OFFICER), make(unit, LOCAL_OPERATOR)
    with store.unit() as unit:
        assert revoke(unit, "wang") == 2
        assert revoke(unit, "wang") == 0
        assert resolve(unit, token) is None
        assert resolve(unit, second) is None
        assert resolve(unit, other) is not None


def test_a_city_wide_role_carries_no_department(store: Store) -> None:
    pilot = Principal(name="p", role=Role.PILOT, department="forestry")
    with store.unit() as unit:
        token = make(unit, pilot)
        assert resolve(unit, token) == Principal(name="p", role=Role.PILOT)


def test_a_member_without_a_department_gets_none(store: Store) -> None:
    with pytest.raises(InvalidInput, match="department"), store.unit() as unit:
        make(unit, Principal(name="x", role=Role.MEMBER))


@pytest.mark.sqlite
def test_the_token_itself_is_not_in_the_file(tmp_path: Path) -> None:
    store = SqlStore(tmp_path / "f.db")
    with store.unit() as unit:
        token = make(unit, OFFICER)
    store.close()
    assert token.encode() not in (tmp_path / "f.db").read_bytes()
