"""Who may see what, said a second time from docs/access.md, without the service's code.

Nothing here asks `missions.access`: what a role may do is written out, and where a thing lies is
what `leak_world` put there.
"""

from dataclasses import dataclass

from leak_world import Owner

ROLES: dict[str, frozenset[str]] = {
    "administrator": frozenset(
        [
            "city",
            "fly",
            "request",
            "decide",
            "deliver",
            "upload",
            "file",
            "signal",
            "configure",
            "audit",
            "rehearse",
            "administer",
        ]
    ),
    "dispatcher": frozenset(
        "city fly request decide upload file signal rehearse".split()  # noqa: SIM905
    ),
    "pilot": frozenset(["city", "fly", "upload"]),
    "member": frozenset(["request", "decide", "upload", "signal"]),
    "auditor": frozenset(["city", "audit"]),
    "tester": frozenset(["city", "rehearse"]),
    "machine": frozenset(["deliver", "upload", "signal"]),
    "onlooker": frozenset({"city"}),
    "asker": frozenset({"request"}),
}
"""What a role may do; the last two are made in the walk."""
CUSTOM = ("onlooker", "asker")
BUILT_IN_SAID = {role: may for role, may in ROLES.items() if role not in CUSTOM}


@dataclass(frozen=True)
class Who:
    """A caller as an administrator would describe it."""

    role: str
    department: str | None = None
    county: str | None = None

    @property
    def name(self) -> str:
        """For messages; also the name of its key."""
        return f"{self.role}/{self.department or '-'}/{self.county or '-'}"

    def may(self, action: str) -> bool:
        """Whether its role permits an action."""
        return action in ROLES[self.role]

    def is_in(self, owner: Owner) -> bool:
        """Whether an owner's things lie where it acts."""
        return self.county in (None, owner.county)

    def serves(self, owner: Owner, *, owned: bool = False) -> bool:
        """Whether an owner's things are its department's, or (unless ``owned``) shared with it."""
        whose = owner.departments[:1] if owned else owner.departments
        return self.may("city") or self.department in whose


PLAIN = frozenset(
    [
        "requests",
        "tasks",
        "flights",
        "standings",
        "media",
        "products",
        "anomalies",
        "sightings",
        "events",
        "cases",
        "reviews",
        "alerts",
        "inspections",
        "signals",
        "devices",
        "gauges",
        "labels",
        "tracks",
        "preflights",
        "batches",
        "uploads",
        "logs",
        "rasters",
        "files",
        "groundings",
    ]
)
"""Kinds of an owner, of those it shares with, and of a county."""


def may_see(who: Who | None, kind: str, owner: Owner) -> bool:
    """Whether a caller may learn what an owner's thing of a kind says; None for nobody."""
    if who is None:
        return False
    if kind in {"uploads", "batches"} and who.county is not None:
        return False  # they lie nowhere; a sender sees its own by its name
    if kind in PLAIN:
        return who.serves(owner) and who.is_in(owner)
    if kind in {"holds", "ledger", "custody"}:
        return who.serves(owner, owned=True) and who.is_in(owner)
    if kind == "contacts":  # personal data: the own department's alone
        return who.department == owner.departments[0] and not who.may("city") and who.is_in(owner)
    if kind in {"orders", "packs"}:
        return who.may("city") and who.is_in(owner)
    if kind == "filings":  # one application is the whole city's
        return who.may("city")
    if kind in {"webhooks", "deliveries"}:
        looks_after = who.may("city") and (who.may("configure") or who.may("audit"))
        own = not who.may("city") and who.department == owner.departments[0]
        return (looks_after or own) and who.is_in(owner)
    if kind in {"accounts", "sessions", "keys"}:
        return who.may("administer")
    if kind == "log":
        return who.may("audit") and who.may("city") and who.county is None
    raise KeyError(f"the oracle does not know the kind {kind}")


def everybody() -> list[Who]:
    """Every role with every department that can make a difference, with and without a county.

    Who sees the city belongs to no department: a key for such a role is made without one.
    """
    found = []
    for county in (None, "kecheng"):
        for role, actions in ROLES.items():
            departments = (None,) if "city" in actions else ("water", "forestry", "ecology", None)
            found += [
                Who(role, department, county)
                for department in departments
                if department is not None or role != "member"
            ]
    return found


def chosen() -> list[Who]:
    """Those that the everyday walk takes: for each way of seeing (the city, each department, none;
    everywhere, one county) somebody with few actions and, where there is one, somebody with many.

    The others differ in actions alone, which `leak_campaign.py` walks too.
    """
    wanted = {
        "administrator/-/-",
        "auditor/-/-",
        "onlooker/-/-",
        "member/water/-",
        "member/forestry/-",
        "asker/ecology/-",
        "machine/-/-",
        "administrator/-/kecheng",
        "onlooker/-/kecheng",
        "member/water/kecheng",
        "asker/forestry/kecheng",
        "machine/-/kecheng",
    }
    return [who for who in everybody() if who.name in wanted]
