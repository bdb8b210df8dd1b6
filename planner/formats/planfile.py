"""A running day as a file: what was asked, what was decided, and of which version both are."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from core.errors import InvalidInput
from planner.formats.planfile_values import Unreadable, packed, unpacked
from planner.formats.whole import store
from planner.problem import Plan, Problem, Task

FORMAT = "flyonce-plan"
VERSION = 1
"""Raised whenever a file of the version before would be read wrongly."""
_REMEDY = "write it again with `flyonce plan --out`"


@dataclass(frozen=True, kw_only=True)
class PlanFile:
    """A problem, a plan for it, and what belongs to them.

    Attributes:
        flown: the tasks of the problem's frozen flights (`Replanned.flown`).
        labels: by task, what people call it.
    """

    problem: Problem
    plan: Plan
    flown: Mapping[str, Task] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    def named(self, task: str, text: str) -> str:
        """A text about a task with the name that people know."""
        label = self.labels.get(task)
        return text if label is None else text.replace(task, label, 1)

    @property
    def whole_day(self) -> tuple[Problem, Plan]:
        """A running day with its frozen flights counted as flights of the plan."""
        known = {t.id: t for t in self.problem.tasks}
        tasks = {**self.flown, **known}
        flights = (*self.problem.frozen, *self.plan.flights)
        served = {s.task for f in flights for s in f.stops}
        plan = replace(
            self.plan,
            flights=flights,
            unserved={n: r for n, r in self.plan.unserved.items() if n not in served},
            value=sum(t.prize for n, t in tasks.items() if n in served),
            km=sum(f.route.length_m for f in flights) / 1000,
            gap=None if self.problem.frozen else self.plan.gap,
        )
        return replace(self.problem, tasks=tuple(tasks.values()), frozen=()), plan


def content(given: PlanFile) -> dict[str, Any]:
    """What a plan file holds; whoever writes it may put further members beside these."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "problem": packed(given.problem),
        "plan": packed(given.plan),
        "flown": packed(dict(given.flown)),
        "labels": dict(given.labels),
    }


def dumps(given: PlanFile) -> str:
    """The file's text: JSON on one line."""
    return json.dumps(content(given), ensure_ascii=False, separators=(",", ":"))


def loads(text: str, *, where: str = "plan file") -> PlanFile:
    """Read what `dumps` wrote.

    Raises:
        InvalidInput: it is no plan file, of another version, or its values do not fit.
    """
    try:
        body = json.loads(text)
    except ValueError as error:
        raise InvalidInput(f"is no JSON: {error}", where=where, remedy=_REMEDY) from error
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        raise InvalidInput("is no plan file", where=where, remedy=_REMEDY)
    if body.get("version") != VERSION:
        raise InvalidInput(
            f"is of version {body.get('version')}; this program reads version {VERSION}",
            where=where,
            remedy=_REMEDY,
        )
    try:
        problem, plan, flown = (unpacked(body[k]) for k in ("problem", "plan", "flown"))
    except (KeyError, TypeError, ValueError, Unreadable) as error:
        raise InvalidInput(f"does not hold a plan: {error}", where=where, remedy=_REMEDY) from error
    return _checked(problem, plan, flown, body.get("labels", {}), where)


def _checked(problem: Any, plan: Any, flown: Any, labels: Any, where: str) -> PlanFile:
    for name, value, kind in (
        ("problem", problem, Problem),
        ("plan", plan, Plan),
        ("flown", flown, dict),
        ("labels", labels, dict),
    ):
        if not isinstance(value, kind):
            raise InvalidInput(f"its {name} is something else", where=where, remedy=_REMEDY)
    return PlanFile(problem=problem, plan=plan, flown=flown, labels=labels)


def write(path: Path, given: PlanFile) -> None:
    """Write it, whole or not at all.

    Raises:
        Unavailable: the file cannot be written.
    """
    store(path, dumps(given) + "\n")


def read(path: Path) -> PlanFile:
    """Read a plan file.

    Raises:
        InvalidInput: it cannot be read, or see `loads`.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as why:
        raise InvalidInput(
            f"cannot be read: {why}", where=str(path), remedy="give a plan file"
        ) from why
    return loads(text, where=str(path))
