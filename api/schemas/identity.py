"""Accounts, sessions, keys and roles on the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from api.schemas.base import Body, Model
from missions.access import ACTIONS, Principal
from missions.identity.records import Account, CustomRole, SessionRecord
from missions.identity.sessions import Tokens
from missions.store.records import TokenRecord

Text = Annotated[str, Field(max_length=200)]
Secret = Annotated[str, StringConstraints(strip_whitespace=False, max_length=1000)]
"""Passwords keep the space around them."""


class Me(Model):
    """Who the caller is, and what it may do.

    `permissions` are names of actions, see GET /roles; `counties` null means the whole city.
    """

    role: str
    department: str | None
    name: str
    id: str = ""
    counties: list[str] | None = None
    permissions: list[str] = Field([])
    city: bool = False
    must_change_password: bool = False
    signed_in: bool = False
    """With a name and password or an identity provider: there is a session to end."""

    @classmethod
    def of(cls, principal: Principal, account: Account | None = None) -> "Me":
        p = principal
        return cls(
            role=p.role,
            department=p.department,
            name=p.name,
            id=p.id,
            counties=None if p.counties is None else sorted(p.counties),
            permissions=[action for action in ACTIONS if action in p.permissions],
            city=p.city_wide,
            must_change_password=account is not None and account.must_change,
            signed_in=bool(p.session),
        )


class MeIn(Body):
    """What one may change of one's own account."""

    old_password: Secret
    password: Secret
    """15 to 256 characters, of any kind; not one of those that everybody tries first."""


class SignInIn(Body):
    """A name and its password."""

    name: Text
    password: Secret


class RefreshIn(Body):
    """The refresh token of the answer before; good once."""

    refresh_token: Secret


class CodeIn(Body):
    """The code with which the identity provider's sign-in came back."""

    code: Secret


class TokensOut(Model):
    """Tokens of a session (RFC 6749, section 5.1). Nobody can read them again."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - a kind of token, not one
    expires_in: int
    """Seconds that the access token is good for."""
    refresh_token: str
    """Good once, for a new pair; shown a second time it ends the session."""
    refresh_expires_in: int
    me: Me

    @classmethod
    def of(cls, tokens: Tokens, now: datetime) -> "TokensOut":
        return cls(
            access_token=tokens.access,
            expires_in=int((tokens.access_until - now).total_seconds()),
            refresh_token=tokens.refresh,
            refresh_expires_in=int((tokens.refresh_until - now).total_seconds()),
            me=Me.of(tokens.principal, tokens.account),
        )


class SignInWays(Model):
    """How one signs in here."""

    required: bool
    """False where the person at this machine needs no token."""
    provider: str | None
    """The identity provider's name, if there is one; GET /sign-in/provider goes there."""


class SessionOut(Model):
    """A sign-in that has not ended."""

    id: str
    made_at: datetime
    refreshed_at: datetime
    ends_at: datetime
    how: str
    address: str
    agent: str
    own: bool
    """The one that asks."""

    @classmethod
    def of(cls, session: SessionRecord, caller: Principal) -> "SessionOut":
        return cls(
            id=session.id,
            made_at=session.made_at,
            refreshed_at=session.refreshed_at,
            ends_at=min(session.refresh_until, session.until),
            how=session.how,
            address=session.address,
            agent=session.agent,
            own=session.id == caller.session,
        )


class AccountOut(Model):
    """A person's account; its password is not kept in a form that could be shown."""

    id: str
    name: str
    display: str
    role: str
    department: str | None
    counties: list[str] | None
    disabled: bool
    must_change_password: bool
    provider: bool
    """Signs in with the identity provider."""
    made_at: datetime
    made_by: str
    last_sign_in: datetime | None

    @classmethod
    def of(cls, a: Account) -> "AccountOut":
        return cls(
            id=a.id,
            name=a.name,
            display=a.display,
            role=a.role,
            department=a.department,
            counties=None if a.counties is None else list(a.counties),
            disabled=a.disabled_at is not None,
            must_change_password=a.must_change,
            provider=bool(a.subject),
            made_at=a.made_at,
            made_by=a.made_by,
            last_sign_in=a.last_sign_in,
        )


class AccountIn(Body):
    """A new account; without a password a random one is made. Either serves once."""

    name: Text
    role: Text
    display: Text = ""
    department: Text | None = None
    counties: list[Text] | None = Field(None, max_length=200)
    password: Secret | None = None


class AccountPatch(Body):
    """What shall be otherwise; fields left out stay as they are."""

    display: Text = ""
    role: Text = ""
    department: Text | None = None
    counties: list[Text] | None = Field(None, max_length=200)
    disabled: bool = False


class AccountMade(Model):
    """An account and the password for its next sign-in, shown this once."""

    account: AccountOut
    password: str


class KeyOut(Model):
    """An API key's record; the key itself is not kept."""

    id: str
    name: str
    role: str
    department: str | None
    counties: list[str] | None
    permissions: list[str] | None
    """Those of the role that it has; null for all."""
    addresses: list[str]
    made_at: datetime
    made_by: str
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, k: TokenRecord) -> "KeyOut":
        return cls(
            id=k.id,
            name=k.name,
            role=k.role,
            department=k.department,
            counties=None if k.counties is None else list(k.counties),
            permissions=None if k.permissions is None else list(k.permissions),
            addresses=list(k.addresses),
            made_at=k.made_at,
            made_by=k.made_by,
            expires_at=k.expires_at,
            last_used_at=k.last_used_at,
            revoked_at=k.revoked_at,
        )


class KeyIn(Body):
    """A new key."""

    name: Text
    role: Text
    department: Text | None = None
    counties: list[Text] | None = Field(None, max_length=200)
    permissions: list[Text] | None = Field(None, max_length=50)
    expires_at: datetime | None = None
    addresses: list[Text] = Field([], max_length=20)
    """Networks that it may be used from, such as `10.1.0.0/16`; none for any."""


class KeyPatch(Body):
    """What shall be otherwise; fields left out stay as they are."""

    expires_at: datetime | None = None
    addresses: list[Text] | None = Field(None, max_length=20)


class KeyMade(Model):
    """A key, shown this once, and its record."""

    key: str
    record: KeyOut


class RoleOut(Model):
    """A role and what it may do; what each permission means is in `actions` of the list."""

    name: str
    permissions: list[str]
    built_in: bool
    title: str = ""
    title_zh: str = ""

    @classmethod
    def of(cls, role: CustomRole) -> "RoleOut":
        return cls(
            name=role.id,
            permissions=list(role.permissions),
            built_in=False,
            title=role.title,
            title_zh=role.title_zh,
        )


class RolesOut(Model):
    """Every role, and what the permissions mean."""

    items: list[RoleOut]
    actions: dict[str, str]


class RoleIn(Body):
    """A custom role: `city` among its permissions makes it city-wide."""

    name: Text
    permissions: list[Text] = Field(max_length=50)
    title: Text = ""
    title_zh: Text = ""


class RolePatch(Body):
    """What shall be otherwise; fields left out stay as they are."""

    permissions: list[Text] | None = Field(None, max_length=50)
    title: Text | None = None
    title_zh: Text | None = None
