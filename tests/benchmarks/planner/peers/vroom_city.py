"""VROOM on a city: each slot is a vehicle, sensors are skills, priorities weigh as the prizes."""

import time

from benchmarks.planner import form
from benchmarks.planner.peers import Answer

BITS = (1, 2, 4)


def solve(city: form.City, slot_count: int, exploration: int, threads: int = 2) -> Answer:
    """VROOM's plan. It has no limit on a flight's duration, so slots are no longer than one.

    It gets no time limit: cut off, it gives up a tenth of the value (measured), and on the lowest
    levels it ends by itself, which the table shows as its time.
    """
    import vroom

    slots = form.slots(city, slot_count, at_most=city.endurance)
    problem = vroom.Input()
    problem.set_durations_matrix("car", city.seconds)
    problem.set_costs_matrix("car", city.metres)
    least = int(city.prize.min())
    problem.add_job(
        [
            vroom.Job(
                k,
                location=city.docks + k,
                default_service=int(city.dur[k]),
                skills={int(city.sensor[k])},
                priority=min(100, int(city.prize[k]) // least),
                time_windows=[vroom.TimeWindow(int(city.early[k]), int(city.late[k]))],
            )
            for k in range(city.tasks)
        ]
    )
    problem.add_vehicle(
        [
            vroom.Vehicle(
                v,
                start=slot.dock,
                end=slot.dock,
                skills={bit for bit in BITS if int(city.sens[slot.dock]) & bit},
                time_window=vroom.TimeWindow(slot.begin, slot.end),
            )
            for v, slot in enumerate(slots)
        ]
    )
    began = time.perf_counter()
    found = problem.solve(exploration_level=exploration, nb_threads=threads)
    took = time.perf_counter() - began
    order: dict[int, list[int]] = {}
    for row in found.routes.to_dict("records"):
        if row["type"] == "job":
            order.setdefault(int(row["vehicle_id"]), []).append(int(row["id"]))
    return Answer(form.plan(city, [(slots[v], own) for v, own in order.items()]), took, took)
