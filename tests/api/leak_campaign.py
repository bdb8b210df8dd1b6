"""The whole product: every role x department x county x address x owner.

.venv/bin/python tests/api/leak_campaign.py [PART OF AN ADDRESS]
"""

import sys
import tempfile
from pathlib import Path

import leak_walk as walk
from leak_oracle import everybody
from leak_session import NOT_READ, read, session


def main() -> None:
    """Walk, and tell every fault."""
    named = sys.argv[1] if len(sys.argv) > 1 else ""
    asked, faults, callers = 0, 0, [None, *everybody()]
    with tempfile.TemporaryDirectory() as home, session(Path(home)) as here:
        for _, path in walk.operations(here.document, "get"):
            if path in NOT_READ or named not in path:
                continue
            walked = read(here, path, callers)
            asked, faults = asked + walked.asked, faults + len(walked.faults)
            for fault in walked.faults:
                print(fault, flush=True)
    print(f"{asked} questions of {len(callers)} callers, {faults} wrong answers")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
