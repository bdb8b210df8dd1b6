"""Worker processes that do not outlive the service."""

import os
import threading
import time

LOOK_S = 2.0


def leave_with_parent() -> None:
    """End this worker soon after the process that started it has gone.

    A pool's workers wait on a pipe for ever when their service is killed, each with a city in
    memory; an orphan is given another parent, and that can be seen.
    """
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_S)
        os._exit(1)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()
