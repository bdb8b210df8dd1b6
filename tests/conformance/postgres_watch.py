"""Runs a PostgreSQL server until nobody uses it any more, however they ended; then nothing is left.

`python postgres_watch.py FOLDER ALIVE USER COMMAND...`: every process that uses the server holds a
shared lock on the file ALIVE. The kernel lets go of it when a process ends, killed or not, so the
exclusive lock that is waited for here is had when the last is gone.
"""

import fcntl
import shutil
import signal
import subprocess
import sys
from pathlib import Path

PATIENCE_S = 30.0


def main(folder: Path, alive: Path, user: str, command: list[str]) -> None:
    """Start the server, wait, stop it and clear up."""
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            command, stdout=log, stderr=log, user=user or None, group=user or None, cwd=folder
        )
    try:
        with alive.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            # whoever comes now waits for this lock, and finds no note of a server
            (alive.parent / "postgres.folder").unlink(missing_ok=True)
            stop(server)
            shutil.rmtree(folder, ignore_errors=True)
    except FileNotFoundError:  # the folder of the run was cleared away
        stop(server)
        shutil.rmtree(folder, ignore_errors=True)


def stop(server: "subprocess.Popen[bytes]") -> None:
    """Fast shutdown: whoever is connected is cut off."""
    server.send_signal(signal.SIGINT)
    try:
        server.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4:])
