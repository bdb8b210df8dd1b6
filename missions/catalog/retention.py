"""How long photographs are kept, by scenario: `retention.yaml`, read and refused like the rest."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path

from missions.catalog.fields import Fields, read_yaml, unique

HERE = Path(__file__).resolve().parent
DEFAULT = "default"
_LONGEST_DAYS = 36_525
"""A hundred years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRule:
    """How long what is kept.

    Attributes:
        reason: the law or need behind it; shown wherever something is deleted.
        scenarios: ids that it is for; empty for the default.
        originals: from receipt to deletion of a file that was of use; dropped: of one that was not.
        after_case: evidence is kept so long after its last case was closed.
    """

    id: str
    name: str
    name_zh: str
    reason: str
    scenarios: frozenset[str]
    originals: timedelta
    dropped: timedelta
    after_case: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRules:
    """All rules; every scenario has exactly one."""

    rules: Mapping[str, RetentionRule]
    by_scenario: Mapping[str, RetentionRule]

    def of(self, scenarios: Iterable[str]) -> RetentionRule:
        """The rule for something that serves several scenarios: the one that keeps it longest."""
        default = self.rules[DEFAULT]
        found = [self.by_scenario.get(name, default) for name in scenarios] or [default]
        return max(found, key=lambda rule: (rule.originals, rule.after_case, rule.id))

    @property
    def shortest(self) -> timedelta:
        """Nothing younger than this is ever deleted."""
        return min(min(rule.originals, rule.dropped) for rule in self.rules.values())


def load_retention(
    scenarios: Iterable[str], path: Path = HERE / "retention.yaml", *, strict: bool = True
) -> RetentionRules:
    """The rules of a file.

    Args:
        scenarios: ids of the catalogue.
        strict: refuse patterns that fit no scenario; not for another city's catalogue.

    Raises:
        InvalidInput: naming the field: an unknown scenario, one with two rules, no default.
    """
    known = tuple(scenarios)
    file = read_yaml(path)
    rules: dict[str, RetentionRule] = {}
    owner: dict[str, RetentionRule] = {}
    for f in file.mappings("rules"):
        rule = _rule(f, known, strict)
        f.finish()
        unique(rules, rule.id, rule, f)
        for name in rule.scenarios:
            if name in owner:
                text = f"{name!r} has a rule already ({owner[name].id})"
                f.fail("scenarios", text, "let each scenario fit one rule")
            owner[name] = rule
    file.finish()
    if DEFAULT not in rules:
        file.fail("rules", "there is no default", f"add a rule with the id {DEFAULT!r}")
    by_scenario = {name: owner.get(name, rules[DEFAULT]) for name in known}
    return RetentionRules(rules=rules, by_scenario=by_scenario)


def _rule(f: Fields, known: tuple[str, ...], strict: bool) -> RetentionRule:
    rule_id = f.text("id")
    chosen: set[str] = set()
    if rule_id != DEFAULT:
        for i, pattern in enumerate(f.items("scenarios")):
            fit = {name for name in known if fnmatchcase(name, str(pattern))}
            if strict and not fit:
                f.fail(f"scenarios[{i}]", f"no scenario fits {pattern!r}", "mend or remove it")
            chosen |= fit
    return RetentionRule(
        id=rule_id,
        name=f.text("name"),
        name_zh=f.text("name_zh"),
        reason=f.text("reason"),
        scenarios=frozenset(chosen),
        originals=_days(f, "originals_days"),
        dropped=_days(f, "dropped_days"),
        after_case=_days(f, "after_case_days"),
    )


def _days(f: Fields, key: str) -> timedelta:
    return timedelta(days=f.whole(key, 1, _LONGEST_DAYS))
