"""Measurements that `flyonce bench` runs; they are no tests and need not be there to fly."""
