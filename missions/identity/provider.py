"""Sign-in by an OpenID Connect provider: authorization code with PKCE, state and nonce.

OpenID Connect Core 1.0 (sections 3.1.2, 3.1.3.7), Discovery 1.0, RFC 7636 (S256), RFC 9207 (the
issuer in the answer, checked where it is given), RFC 9700. The provider's keys are fetched when a
token names one that is not known, at most every minute, so that a key may change at any time.
"""

import base64
import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import jwt

from core.errors import InvalidInput, NotAllowed, Unavailable
from missions.identity.claims import Mapped

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
"""What ID tokens may be signed with: no shared secrets, and never "none"."""
LEEWAY_S = 60
"""By so much the provider's clock may differ."""
BEGUN_FOR_S = 600.0
CODE_FOR_S = 60.0
_MOST = 5_000
_KEYS_EVERY_S = 60.0
_TIMEOUT_S = 10.0
_LARGEST = 1 << 20


class ProviderRefused(NotAllowed):
    """The identity provider's answer is not one to trust, or it said no."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A sign-in on its way to the provider; it is good once."""

    nonce: str
    verifier: str
    began: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whom the provider vouches for."""

    subject: str
    claims: Mapping[str, Any]


class Provider:
    """One identity provider.

    Args:
        issuer: its address exactly as it names itself.
        own_address: where browsers reach this service; answers come back to nowhere else.
        transport: for tests.

    Raises:
        InvalidInput: an address is wrong, or not encrypted without being this machine's.
    """

    def __init__(
        self,
        *,
        issuer: str,
        client_id: str,
        client_secret: str,
        own_address: str,
        mapped: Mapped,
        name: str = "",
        scopes: str = "openid profile email",
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        _checked(issuer, "FLYONCE_OIDC_ISSUER")
        _checked(own_address, "FLYONCE_PUBLIC_URL")
        self.name = name or urlsplit(issuer).hostname or issuer
        self.mapped = mapped
        self._issuer = issuer
        self._client_id = client_id
        self._secret = client_secret
        self._back = own_address.rstrip("/") + "/api/v1/sign-in/provider/back"
        self._scopes = scopes
        self._transport = transport
        self._found: dict[str, Any] | None = None
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched = -_KEYS_EVERY_S
        self._begun: dict[str, Begun] = {}
        self._codes: dict[str, tuple[str, float]] = {}

    async def begin(self) -> tuple[str, str]:
        """The provider's address to send the browser to, and the state that must come back."""
        found = await self._discovered()
        state, begun = secrets.token_urlsafe(32), Begun(
            nonce=secrets.token_urlsafe(32), verifier=secrets.token_urlsafe(48), began=_now()
        )  # fmt: skip
        _forget(self._begun, lambda b: _now() - b.began > BEGUN_FOR_S)
        self._begun[state] = begun
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._back,
            "scope": self._scopes,
            "state": state,
            "nonce": begun.nonce,
            "code_challenge": _challenge(begun.verifier),
            "code_challenge_method": "S256",
        }
        address = found["authorization_endpoint"]
        return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}", state

    async def finish(self, answer: Mapping[str, str], state_of_browser: str | None) -> Person:
        """Whom the provider vouches for.

        Args:
            answer: the parameters with which the browser came back.
            state_of_browser: the state that was given to the same browser.

        Raises:
            ProviderRefused: state, issuer, code or token is not what was asked for.
            Unavailable: the provider does not answer.
        """
        state = answer.get("state", "")
        if not state or state_of_browser is None or not secrets.compare_digest(
            state.encode(), state_of_browser.encode()
        ):  # fmt: skip
            raise _refused("this sign-in was not begun in this browser")
        begun = self._begun.pop(state, None)
        if begun is None or _now() - begun.began > BEGUN_FOR_S:
            raise _refused("this sign-in was used before, or begun too long ago")
        if "error" in answer:
            raise _refused(f"the identity provider said {answer['error'][:80]!r}")
        if answer.get("iss", self._issuer) != self._issuer:
            raise _refused("another identity provider answered")
        token = await self._exchanged(answer.get("code", ""), begun.verifier)
        claims = await self._verified(token)
        if not secrets.compare_digest(str(claims.get("nonce", "")).encode(), begun.nonce.encode()):
            raise _refused("the token was made for another sign-in")
        return Person(subject=f"{self._issuer}|{claims['sub']}", claims=claims)

    def leave(self, account_id: str) -> str:
        """A code that the console changes for tokens: good once, for a minute."""
        code = secrets.token_urlsafe(32)
        _forget(self._codes, lambda c: _now() - c[1] > CODE_FOR_S)
        self._codes[code] = account_id, _now()
        return code

    def take(self, code: str) -> str:
        """The account that a code stands for. Raises ProviderRefused."""
        account_id, left = self._codes.pop(code, ("", -CODE_FOR_S))
        if not account_id or _now() - left > CODE_FOR_S:
            raise _refused("this code was used before, or is too old")
        return account_id

    async def _exchanged(self, code: str, verifier: str) -> str:
        """The ID token for a code."""
        found = await self._discovered()
        asked = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back,
            "client_id": self._client_id,
            "code_verifier": verifier,
        }
        if self._secret:
            asked["client_secret"] = self._secret
        answer = await self._ask("POST", found["token_endpoint"], asked)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise _refused("the identity provider gave no ID token")
        return token

    async def _verified(self, token: str) -> dict[str, Any]:
        """The claims of an ID token that is signed, for us, and not too old."""
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") not in ALGORITHMS:
                raise _refused(f"a token signed with {str(header.get('alg'))[:20]!r}")
            key = await self._key(str(header.get("kid", "")))
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[header["alg"]],
                audience=self._client_id,
                issuer=self._issuer,
                leeway=LEEWAY_S,
                options={"require": ["iss", "sub", "aud", "exp", "iat"]},
            )
        except (jwt.PyJWTError, TypeError, ValueError) as error:
            raise _refused(f"the identity provider's token is not good: {error}") from error
        # Core 3.1.3.7, 4 and 5: a token for several is for us only if it says so
        if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and "azp" not in claims:
            raise _refused("the token is meant for several and does not say for whom")
        if claims.get("azp", self._client_id) != self._client_id:
            raise _refused("the token was made for another service")
        return claims

    async def _key(self, kid: str) -> jwt.PyJWK:
        """The provider's key of a name; one that is not known is looked for once a minute."""
        if kid not in self._keys and _now() - self._fetched >= _KEYS_EVERY_S:
            self._fetched = _now()
            found = await self._discovered()
            self._keys = _signing_keys(await self._ask("GET", found["jwks_uri"]))
        if not kid and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        if kid not in self._keys:
            raise _refused(
                "the token is signed with a key that the identity provider does not name"
            )
        return self._keys[kid]

    async def _discovered(self) -> dict[str, Any]:
        """What the provider says of itself (Discovery 1.0, section 4)."""
        if self._found is None:
            found = await self._ask(
                "GET", self._issuer.rstrip("/") + "/.well-known/openid-configuration"
            )
            if found.get("issuer") != self._issuer:
                raise Unavailable(
                    f"the identity provider calls itself {str(found.get('issuer'))[:200]!r}",
                    where="FLYONCE_OIDC_ISSUER",
                    remedy="set exactly what it calls itself",
                )
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                _checked(str(found.get(name, "")), f"{self._issuer}: {name}")
            self._found = found
        return self._found

    async def _ask(
        self, method: str, address: str, data: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        try:
            async with httpx.AsyncClient(
                transport=self._transport, timeout=_TIMEOUT_S, follow_redirects=False
            ) as client:
                answer = await client.request(
                    method, address, data=data, headers={"accept": "application/json"}
                )
            body = answer.json() if len(answer.content) <= _LARGEST else None
        except (httpx.HTTPError, ValueError) as error:
            raise Unavailable(
                f"the identity provider does not answer rightly: {error or type(error).__name__}",
                where=urlsplit(address).hostname,
                remedy="try again later; accounts with a password work without it",
            ) from error
        if answer.status_code in (400, 401, 403):
            said = body.get("error") if isinstance(body, dict) else answer.status_code
            raise _refused(f"the identity provider refused: {str(said)[:80]}")
        if answer.status_code != 200 or not isinstance(body, dict):
            raise Unavailable(
                f"the identity provider answered with status {answer.status_code}",
                where=urlsplit(address).hostname,
            )
        return body


def _signing_keys(found: Mapping[str, Any]) -> dict[str, jwt.PyJWK]:
    keys = {}
    for data in found.get("keys", []):
        try:
            if data.get("use", "sig") == "sig":
                keys[str(data.get("kid", ""))] = jwt.PyJWK(data)
        except (jwt.PyJWTError, AttributeError, TypeError, ValueError):
            continue  # a kind of key that we do not know; others may do
    return keys


def _checked(address: str, where: str) -> None:
    """Addresses are https, or this machine's for trying it out."""
    parts = urlsplit(address)
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    encrypted = parts.scheme == "https" or (parts.scheme == "http" and local)
    if not encrypted or not parts.hostname:
        raise InvalidInput(
            f"no such address: {address[:200]!r}", where=where, remedy="give https://..."
        )


def _challenge(verifier: str) -> str:
    """RFC 7636, section 4.2: S256."""
    hashed = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()


def _forget(kept: dict[str, Any], old: Any) -> None:
    for key in [key for key, value in kept.items() if old(value)]:
        del kept[key]
    while len(kept) >= _MOST:
        del kept[next(iter(kept))]


def _refused(what: str) -> ProviderRefused:
    return ProviderRefused(what, where="provider", remedy="begin the sign-in again")


def _now() -> float:
    return time.monotonic()
