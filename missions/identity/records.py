"""What is kept of people and their sessions. Secrets are kept as hashes alone.

A machine's key is `missions.store.records.TokenRecord`.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person who signs in.

    Attributes:
        name: to sign in with, normalised (`missions.identity.names`).
        role, department, counties: as in `missions.access.Principal`.
        password: Argon2id hash in PHC form; None for accounts of an identity provider.
        must_change: the password was given by somebody else and serves only to choose another.
        subject: "issuer|subject" of the identity provider; "" for local accounts.
        disabled_at: since when nobody signs in with it.
    """

    id: str
    name: str
    display: str
    role: str
    made_at: datetime
    made_by: str
    department: str | None = None
    counties: tuple[str, ...] | None = None
    password: str | None = None
    must_change: bool = False
    password_at: datetime | None = None
    subject: str = ""
    disabled_at: datetime | None = None
    last_sign_in: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRecord:
    """One sign-in and everything that was refreshed from it (a family of tokens).

    Attributes:
        access: SHA-256 of the access token that is good now, hexadecimal.
        family: SHA-256 of what all refresh tokens of the session have in common.
        refresh: SHA-256 of the one refresh token that was not used yet.
        refresh_until: when it must have been used; `until`: when the session ends in any case.
        how: "password" or "oidc".
        address, agent: where the sign-in came from, as told by the connection and the browser.
    """

    id: str
    account_id: str
    access: str
    access_until: datetime
    family: str
    refresh: str
    refresh_until: datetime
    until: datetime
    made_at: datetime
    refreshed_at: datetime
    how: str
    address: str = ""
    agent: str = ""
    ended_at: datetime | None = None
    ended_why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomRole:
    """A role that an administrator made; the id is its name.

    Attributes:
        permissions: out of `missions.access.ACTIONS`.
    """

    id: str
    title: str
    title_zh: str
    permissions: tuple[str, ...]
    made_at: datetime
    made_by: str
