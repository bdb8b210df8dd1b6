"""Controllers that are measured, each a program of its own: ours, dronekit and MAVSDK.

`python -m benchmarks.fleet.clients.NAME JOB` with a `stand.Job` as JSON.
"""
