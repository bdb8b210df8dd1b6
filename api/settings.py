"""What a user may set. The only reader of the environment: every name begins with FLYONCE_."""

import ipaddress
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import InvalidInput
from fleet.address import named_links
from missions.feed.egress import allowed_hosts

_CONSOLE = Path(__file__).parent / "web" / "dist"


class Settings(BaseSettings):
    """The service's settings; the defaults run everything on this machine.

    Attributes:
        home: folder of the database, the media and the logs.
        host, port: where the service listens.
        preset: the city: a shipped name or the path of a folder.
        database_url: None for a SQLite file in the home folder.
        media_folder: None for `media` in the home folder.
        detectors: folder of trained detectors (docs/review.md); None for none.
        mavlink_url: how the vehicles are reached: one address (the link "main"), or several links
            as "main=tcp:HOST:PORT east=udpin:HOST:PORT"; the simulation listens on the main one.
        docks_url: where docks are spoken with (docs/docks.md): http(s)://... or mqtt(s)://...;
            empty for none, in a simulation for the simulated ones.
        docks_token: bearer token for docks that speak HTTP.
        forecast_url: a forecast service that speaks as Open-Meteo's /v1/forecast does; empty to go
            by the docks' own stations.
        filing_answers: who answers flight applications: "people" write down what the authority
            said, "rules" approve by the preset's; "auto" is rules in a simulation and people
            otherwise.
        require_signing: vehicles without a MAVLink signing key are neither heard nor spoken to.
        require_sign_in: refuse callers without a token even on this machine; None to do so unless
            the service runs its own simulation.
        public_url: where browsers reach the service, for an identity provider; None for `url`.
        oidc_issuer: address of an OpenID Connect provider (docs/access.md); empty for none.
        oidc_client_id, oidc_client_secret: by which it knows this service.
        oidc_name: what the sign-in button calls it.
        oidc_rules: YAML file, from its claims to roles.
        allowed_hosts: further names, separated by commas, by which browsers reach the service.
        rate_limits: factor on the rates of the city's limits.yaml; 0 switches them off.
        media_max_mb, body_max_kb: largest photograph and largest other request body.
        webhook_allow: receivers of webhooks inside the city's own network, as host or host:port,
            separated by commas; all others must be public and speak https (docs/events.md).
        live_hz: how often the live view is refreshed.
        console_folder: None for the console built in `api/web`.
        log_level: "debug", "info", "warning" or "error".
    """

    model_config = SettingsConfigDict(env_prefix="FLYONCE_", frozen=True, extra="forbid")

    home: Path = Path(".flyonce")
    host: str = Field("127.0.0.1", min_length=1)
    port: int = Field(8000, ge=0, le=65535)
    preset: str = Field("quzhou", min_length=1)
    database_url: str | None = None
    media_folder: Path | None = None
    detectors: Path | None = None
    mavlink_url: str = "tcp:127.0.0.1:5790"
    docks_url: str = ""
    docks_token: str | None = None
    forecast_url: str = ""
    filing_answers: Literal["auto", "rules", "people"] = "auto"
    require_signing: bool = False
    require_sign_in: bool | None = None
    public_url: str | None = None
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    oidc_name: str = ""
    oidc_rules: Path | None = None
    allowed_hosts: str = ""
    rate_limits: float = Field(1.0, ge=0, le=1000)
    media_max_mb: int = Field(64, ge=1, le=4096)
    body_max_kb: int = Field(2048, ge=16, le=65536)
    webhook_allow: str = ""
    live_hz: float = Field(5.0, gt=0, le=20)
    console_folder: Path | None = None
    log_level: str = Field("warning", pattern="^(debug|info|warning|error)$")

    @field_validator("mavlink_url")
    @classmethod
    def _links_are_named(cls, text: str) -> str:
        try:
            named_links(text)
        except InvalidInput as error:
            raise ValueError(str(error)) from error
        return text

    @field_validator("webhook_allow")
    @classmethod
    def _receivers_are_hosts(cls, text: str) -> str:
        try:
            allowed_hosts(text)
        except InvalidInput as error:
            raise ValueError(str(error)) from error
        return text

    @property
    def links(self) -> Mapping[str, str]:
        """The addresses of the links by name."""
        return named_links(self.mavlink_url)

    @property
    def keys_file(self) -> Path:
        """The vehicles' signing keys; only its owner may read it."""
        return self.home / "keys.json"

    @property
    def database(self) -> str:
        """The database as a URL."""
        return self.database_url or f"sqlite:///{(self.home / 'flyonce.sqlite').resolve()}"

    @property
    def media(self) -> Path:
        """Where photographs are kept."""
        return self.media_folder or self.home / "media"

    @property
    def console(self) -> Path:
        """The built console."""
        return self.console_folder or _CONSOLE

    @property
    def on_loopback(self) -> bool:
        """Whether the service can be reached from this machine only."""
        return is_loopback(self.host)

    @property
    def url(self) -> str:
        """The address to open in a browser on this machine."""
        wildcard = self.host in {"0.0.0.0", "::", ""}  # noqa: S104 - compared, not bound
        host = "127.0.0.1" if wildcard else self.host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def hosts(self) -> frozenset[str]:
        """Lower-case names by which the service may be addressed."""
        named = {name.strip().lower() for name in self.allowed_hosts.split(",")} - {""}
        return frozenset(named | {self.host.lower(), "localhost", "127.0.0.1", "::1"})


@lru_cache(maxsize=256)
def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def load(**given: Any) -> Settings:
    """The settings from the environment, with what the command line gave on top.

    Values that are None count as not given.

    Raises:
        InvalidInput: a value is wrong; names the variable and says what would be right.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        origin = f"--{name.replace('_', '-')}" if name in given else f"FLYONCE_{name.upper()}"
        raise InvalidInput(
            f"{first['input']!r}: {first['msg']}",
            where=origin,
            remedy=f"set {origin} to such a value",
        ) from error
