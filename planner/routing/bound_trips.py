"""All trips that an outing can make: sets of groups, built one group at a time (Numba).

A label is a way to fly a set of groups that ends at a node. Its times are a piecewise linear
function of the start ``s`` (Vidal et al. 2014, doi:10.1016/j.ejor.2013.09.045, section 4.1): the
end of the work is ``max(s + time, end)`` for ``release <= s <= start``, where ``time`` is the
seconds without waiting, ``end`` the earliest end and ``start`` the latest start. A label that is
not better in any of metres, time, end, start and load than another one of the same set and node
is dropped.
"""

from dataclasses import dataclass

import numpy as np

from planner.routing.bound_classes import Reach
from planner.routing.kernel_trips import (
    ALIVE,
    END,
    LAST,
    METRES,
    PARENT,
    RELEASE,
    SET,
    START,
    TIME,
    grown,
)
from planner.routing.model import Floats, Ints


@dataclass(frozen=True, kw_only=True, eq=False)
class Trips:
    """Every trip of an outing, as S sets of groups and O options to fly them.

    Attributes:
        first: (S + 1,) and members: the groups of set s are ``members[first[s]:first[s + 1]]``.
        of_set: (O,) the set of an option; `label`: (O,) its label.
        metres, time_s, end_s, start_s, release_s: (O,) closed over the way home: the trip ends at
            ``max(s + time_s, end_s)`` when it starts at s, from release_s to start_s.
        labels: (K, 5) for `sequence`.
        complete: no trip is missing.
    """

    first: Ints
    members: Ints
    of_set: Ints
    label: Ints
    metres: Floats
    time_s: Floats
    end_s: Floats
    start_s: Floats
    release_s: Floats
    labels: Ints
    nodes: Ints
    complete: bool

    def least(self) -> tuple[Floats, Floats]:
        """(S,) least metres and (S,) least seconds of each set; infinite where none can be flown:
        both are lower bounds, though no single option may have both."""
        sets = len(self.first) - 1
        metres, seconds = np.full(sets, np.inf), np.full(sets, np.inf)
        np.minimum.at(metres, self.of_set, self.metres)
        np.minimum.at(seconds, self.of_set, np.maximum(self.time_s, self.end_s - self.start_s))
        return metres, seconds

    def sequence(self, option: int) -> tuple[int, ...]:
        """The nodes of an option, in order."""
        order: list[int] = []
        at = int(self.label[option])
        while at >= 0:
            order.append(int(self.nodes[self.labels[at, LAST]]))
            at = int(self.labels[at, PARENT])
        return tuple(reversed(order))


def trips(reach: Reach, most: int = 1_500_000) -> Trips:
    """All trips over the nodes in reach; incomplete where more than `most` labels would be kept."""
    values, labels, first, members, complete = grown(
        np.stack([reach.out_s, reach.out_m], axis=1),
        *(reach.leg_s, reach.leg_m, reach.table(), reach.group, reach.limits, most),
    )
    at = np.flatnonzero(labels[:, ALIVE])
    last = labels[at, LAST]
    time_s, end_s = values[at, TIME] + reach.back_s[last], values[at, END] + reach.back_s[last]
    metres = values[at, METRES] + reach.back_m[last]
    usable, _, _, until = reach.limits
    seconds = np.maximum(time_s, end_s - values[at, START])
    ok = (seconds <= usable) & (end_s <= until) & np.isfinite(metres) & np.isfinite(time_s)
    at = at[ok]
    return Trips(
        first=first,
        members=members,
        of_set=labels[at, SET],
        label=at.astype(np.int32),
        metres=metres[ok],
        time_s=time_s[ok],
        end_s=end_s[ok],
        # the start must also leave time to be home by the end of the day
        start_s=np.minimum(values[at, START], until - time_s[ok]),
        release_s=values[at, RELEASE],
        labels=labels,
        nodes=reach.nodes,
        complete=bool(complete),
    )
