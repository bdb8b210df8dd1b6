"""The planner beside its peers, group by group, each engine in a process of its own.

Another group is another module `cases_<name>.py` with a function that `registry.group` marks.
"""
