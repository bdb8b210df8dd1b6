"""PX4, from its documentation (https://docs.px4.io): no PX4 was at hand to compare with."""
