"""Signing in by an OpenID Connect provider: a small real one, with real RSA keys, over HTTP."""

import base64
import hashlib
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from fake_service import FakeService
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from core.errors import InvalidInput
from missions.access import SERVICE
from missions.identity.accounts import Wish
from missions.identity.claims import Mapped, Rule, load
from missions.identity.provider import Provider

V1 = "/api/v1"
ISSUER, CLIENT = "https://id.city.example", "flyonce"
OWN = "http://127.0.0.1:8000"


class SmallProvider:
    """Discovery, keys and the token endpoint of OpenID Connect; `twist` spoils one claim."""

    def __init__(self) -> None:
        self.keys = {"k1": rsa.generate_private_key(public_exponent=65537, key_size=2048)}
        self.kid = "k1"
        self.claims: dict[str, Any] = {"sub": "u-17", "preferred_username": "chen", "name": "陈",
                                       "groups": ["pilots"]}  # fmt: skip
        self.twist: dict[str, Any] = {}
        self.token: str | None = None
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.down = False

    def authorize(self, address: str) -> dict[str, str]:
        """What the browser brings back after the person has signed in there."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["redirect_uri"] == f"{OWN}{V1}/sign-in/provider/back"
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return {"code": code, "state": asked["state"]}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append(path)
        if self.down:
            raise httpx.ConnectError("no route")
        if path == "/.well-known/openid-configuration":
            found = {name: f"{ISSUER}/{name}" for name in ("authorize", "token", "keys")}
            return httpx.Response(200, json={
                "issuer": ISSUER, "authorization_endpoint": found["authorize"],
                "token_endpoint": found["token"], "jwks_uri": found["keys"],
            })  # fmt: skip
        if path == "/keys":
            keys = [
                {**jwt.algorithms.RSAAlgorithm.to_jwk(k.public_key(), as_dict=True), "kid": kid}
                for kid, k in self.keys.items()
            ]
            return httpx.Response(200, json={"keys": keys})
        return self._token({n: v[0] for n, v in parse_qs(request.content.decode()).items()})

    def _token(self, form: dict[str, str]) -> httpx.Response:
        begun = self.codes.pop(form["code"], None)
        hashed = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
        if begun is None or begun["code_challenge"] != challenge:
            return httpx.Response(400, json={"error": "invalid_grant"})
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": CLIENT, "iat": now, "exp": now + 300,
                  "nonce": begun["nonce"], **self.claims, **self.twist}  # fmt: skip
        made = jwt.encode(claims, self.keys[self.kid], "RS256", headers={"kid": self.kid})
        return httpx.Response(200, json={"id_token": self.token or made})


@pytest.fixture
def small() -> SmallProvider:
    return SmallProvider()


@pytest.fixture
def service(small: SmallProvider) -> FakeService:
    service = FakeService()
    rules = (
        Rule(claim="groups", value="pilots", role="pilot"),
        Rule(claim="groups", value="rivers", role="member", department="water"),
    )
    service.identity.provider = Provider(
        issuer=ISSUER,
        client_id=CLIENT,
        client_secret="s",
        own_address=OWN,
        mapped=Mapped(rules=rules),
        name="City",
        transport=httpx.MockTransport(small),
    )
    service.principal = service.identity.principal  # type: ignore[method-assign]
    return service


@pytest.fixture
def client(service: FakeService) -> Iterator[TestClient]:
    app = create_app(service, Settings(require_sign_in=True))  # type: ignore[arg-type, call-arg]
    with TestClient(app, base_url=OWN, client=("127.0.0.1", 5), follow_redirects=False) as opened:
        yield opened


def back(client: TestClient, answer: dict[str, str]) -> str:
    """Where the browser is sent after it came back."""
    came = client.get(f"{V1}/sign-in/provider/back", params=answer)
    assert came.status_code == 303
    assert came.headers["location"].startswith("/#")
    return came.headers["location"]


def round_trip(client: TestClient, small: SmallProvider) -> str:
    gone = client.get(f"{V1}/sign-in/provider")
    assert gone.status_code == 303
    assert gone.headers["location"].startswith(f"{ISSUER}/authorize?")
    assert "HttpOnly" in gone.headers["set-cookie"]
    return back(client, small.authorize(gone.headers["location"]))


def tokens(client: TestClient, where: str) -> Any:
    code = {"code": where.partition("#code=")[2]}
    return client.post(f"{V1}/sign-in/provider/tokens", json=code)


def test_a_person_of_the_city_signs_in(client: TestClient, small: SmallProvider) -> None:
    assert client.get(f"{V1}/sign-in").json() == {"required": True, "provider": "City"}
    where = round_trip(client, small)
    given = tokens(client, where)
    assert given.status_code == 200, given.text
    bearer = {"Authorization": f"Bearer {given.json()['access_token']}"}
    me = client.get(f"{V1}/me", headers=bearer).json()
    assert (me["name"], me["role"]) == ("陈", "pilot")
    assert tokens(client, where).status_code == 403  # the code is good once


def test_other_claims_give_other_rights_at_the_next_sign_in(
    client: TestClient, small: SmallProvider, service: FakeService
) -> None:
    first = tokens(client, round_trip(client, small)).json()["me"]
    small.claims["groups"] = ["rivers"]
    second = tokens(client, round_trip(client, small)).json()["me"]
    assert first["id"] == second["id"]
    assert (second["role"], second["department"]) == ("member", "water")
    small.claims["groups"] = ["strangers"]
    assert "#refused=" in round_trip(client, small)
    small.claims["groups"] = ["pilots"]
    service.identity.accounts.change(SERVICE, first["id"], Wish(disabled=True))
    assert "#refused=" in round_trip(client, small)


def test_nobody_takes_over_a_local_account_of_the_same_name(
    client: TestClient, small: SmallProvider, service: FakeService
) -> None:
    local, _ = service.identity.accounts.create(SERVICE, "chen", Wish(role="administrator"))
    me = tokens(client, round_trip(client, small)).json()["me"]
    assert me["id"] != local.id
    assert me["role"] == "pilot"


@pytest.mark.parametrize(
    "twist",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"aud": ["another", CLIENT]},
        {"azp": "another"},
        {"nonce": "another"},
        {"exp": 1_000_000_000},
        {"iat": None},
        {"sub": None},
    ],
)
def test_a_token_that_is_not_for_this_sign_in_is_refused(
    client: TestClient, small: SmallProvider, twist: dict[str, Any]
) -> None:
    small.twist = twist
    assert "#refused=" in round_trip(client, small)


def test_unsigned_and_self_signed_tokens_are_refused(
    client: TestClient, small: SmallProvider
) -> None:
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": CLIENT, "sub": "x", "iat": now, "exp": now + 300}
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for made in (
        jwt.encode(claims, None, "none"),
        jwt.encode(claims, "k" * 40, "HS256", headers={"kid": "k1"}),
        jwt.encode(claims, stranger, "RS256", headers={"kid": "k1"}),
        jwt.encode(claims, stranger, "RS256", headers={"kid": "k9"}),
        "no token",
    ):
        small.token = made
        assert "#refused=" in round_trip(client, small)


def test_the_providers_key_may_change(
    client: TestClient, small: SmallProvider, service: FakeService
) -> None:
    assert "#code=" in round_trip(client, small)
    small.keys = {"k2": rsa.generate_private_key(public_exponent=65537, key_size=2048)}
    small.kid = "k2"
    assert "#refused=" in round_trip(client, small)  # looked for at most once a minute
    assert service.identity.provider is not None
    service.identity.provider._fetched -= 61
    assert "#code=" in round_trip(client, small)
    assert small.asked.count("/keys") == 2


def test_an_answer_from_another_browser_or_a_second_time_is_refused(
    client: TestClient, small: SmallProvider
) -> None:
    gone = client.get(f"{V1}/sign-in/provider")
    answer = small.authorize(gone.headers["location"])
    cookie = client.cookies.get("flyonce_sign_in", path=f"{V1}/sign-in/provider")
    client.cookies.clear()
    assert "#refused=" in back(client, answer)
    assert "#refused=" in back(client, {"code": "x"})
    client.cookies.set("flyonce_sign_in", cookie or "", path=f"{V1}/sign-in/provider")
    assert "#code=" in back(client, answer)
    client.cookies.set("flyonce_sign_in", cookie or "", path=f"{V1}/sign-in/provider")
    assert "#refused=" in back(client, answer)
    gone = client.get(f"{V1}/sign-in/provider")
    said = {"state": small.authorize(gone.headers["location"])["state"], "error": "access_denied"}
    assert "access_denied" in back(client, said)


def test_a_provider_that_is_away_is_said_so(client: TestClient, small: SmallProvider) -> None:
    small.down = True
    answer = client.get(f"{V1}/sign-in/provider")
    assert answer.status_code == 503
    assert "password" in answer.json()["remedy"]


def test_without_a_provider_there_is_none(client: TestClient, service: FakeService) -> None:
    service.identity.provider = None
    assert client.get(f"{V1}/sign-in/provider").status_code == 404


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no rules"),
        ("rules: []", "no rules"),
        ("rules: [{claim: a}]", "no rule"),
        ("rules: [{claim: a, is: b, role: member}]", "department"),
        ("rules: [{claim: a, is: b, role: pilot, counties: x}]", "counties"),
        ("rules: [", "read"),
    ],
)
def test_wrong_rules_are_named(tmp_path: Any, text: str, said: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=said):
        load(path)


@pytest.mark.parametrize("address", ["http://id.city.example", "ftp://x", "id.city.example", ""])
def test_a_provider_is_asked_by_https_alone(address: str) -> None:
    with pytest.raises(InvalidInput, match="address"):
        Provider(
            issuer=address, client_id="c", client_secret="s", own_address=OWN,
            mapped=Mapped(rules=()),
        )  # fmt: skip
