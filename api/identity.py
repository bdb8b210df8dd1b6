"""What the settings say about signing in: whether one must, by which provider, and who is first."""

from collections.abc import Callable

from api.settings import Settings
from core.errors import InvalidInput
from fleet.address import MAIN
from missions.identity import claims, roles
from missions.identity.desk import Identity
from missions.identity.provider import Provider
from missions.store.placing import scope_by


def decided(settings: Settings, *, simulate: bool) -> Settings:
    """The settings with `require_sign_in` decided: needed unless the service simulates its fleet.

    With a simulation nobody is harmed by what the person at this machine commands without a name;
    with vehicles somebody is answerable for everything.
    """
    if settings.require_sign_in is not None:
        return settings
    return settings.model_copy(update={"require_sign_in": not simulate})


def set_up(
    identity: Identity,
    settings: Settings,
    *,
    simulate: bool,
    url: str,
    announce: Callable[[str, str], None] | None = None,
) -> None:
    """Tell the store where things lie, make the first administrator, know the identity provider,
    and let testers fly what is simulated.

    Args:
        announce: called with the first administrator's name and password, the only time that it
            can be read; None to make none.

    Raises:
        InvalidInput: the provider's settings are wrong.
    """
    scope_by(identity.book.records, identity.book.territory, identity.book.territory.digest)
    identity.provider = provider_of(identity, settings, url)
    # a link beside the simulation's may lead to drones that are real
    identity.resolver.simulated = simulate and set(settings.links) == {MAIN}
    if announce is not None and (password := identity.accounts.first()) is not None:
        announce("admin", password)


def provider_of(identity: Identity, settings: Settings, url: str) -> Provider | None:
    """The identity provider of the settings; None where none is set."""
    if not settings.oidc_issuer:
        return None
    if not settings.oidc_client_id or settings.oidc_rules is None:
        raise InvalidInput(
            "an identity provider needs a client id and rules",
            where="FLYONCE_OIDC_ISSUER",
            remedy="set FLYONCE_OIDC_CLIENT_ID and FLYONCE_OIDC_RULES (docs/access.md)",
        )
    mapped = claims.load(settings.oidc_rules)
    with identity.book.records.view() as unit:
        for rule in mapped.rules:
            roles.known(unit, rule.role)
            identity.book.department(rule.department)
            identity.book.counties(rule.counties)
    return Provider(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value(),
        own_address=settings.public_url or url,
        mapped=mapped,
        name=settings.oidc_name,
    )
