"""Parameters, failsafes and enrolment."""
