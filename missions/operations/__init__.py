"""The day as it is flown: dispatch, flights, media, finds, alarms, re-checks, point-and-fly."""
