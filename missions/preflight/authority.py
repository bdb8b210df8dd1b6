"""Who answers flight applications.

Where real drones fly, a person writes down what the air authority said, and nothing answers in its
place. A simulated city has a simulated authority, which approves by the configured rules.
"""

from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from missions.entities import Filing
from missions.preflight.filing import SIMULATED_NAME, answer, answer_due
from missions.presets import FilingRules


class Authority(Protocol):
    """Answers applications, or leaves that to people."""

    @property
    def simulated(self) -> bool:
        """Whether it only plays an authority."""
        ...

    def answered(self, filing: Filing, now: datetime) -> Filing | None:
        """The filing with its answer; None while there is none from here."""
        ...


class SimulatedAuthority:
    """Approves everything that came in time, when its answer is due."""

    simulated = True

    def __init__(self, rules: FilingRules, zone: ZoneInfo) -> None:
        self._rules = rules
        self._zone = zone

    def answered(self, filing: Filing, now: datetime) -> Filing | None:
        if answer_due(filing, self._rules, self._zone) > now:
            return None
        remark = "filed after the cut-off" if filing.late else ""
        return answer(filing, now=now, by=SIMULATED_NAME, approved=not filing.late, remark=remark)


class PeopleAnswer:
    """Waits for the answer that somebody writes down (`missions.preflight.desk`)."""

    simulated = False

    def answered(self, filing: Filing, now: datetime) -> Filing | None:
        return None
