"""The rehearsal: a whole day's plan flown in simulation, before it flies for real."""
