"""The tests' own PostgreSQL leaves nothing behind, however the tests ended."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from postgres_server import shared_server, why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())
USES_IT = (
    "import sys, time; from pathlib import Path; from postgres_server import shared_server\n"
    "with shared_server(Path(sys.argv[1])) as server:\n"
    "    print(server.url('postgres'), flush=True)\n"
    "    time.sleep(600)\n"
)


def folder_of(url: str) -> Path:
    return Path(url.partition("host=")[2])


def test_a_killed_run_leaves_no_server_and_no_folder(tmp_path: Path) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", USES_IT, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent,
    )
    assert run.stdout is not None
    folder = folder_of(run.stdout.readline().strip())
    assert (folder / ".s.PGSQL.5432").exists()
    with shared_server(tmp_path) as server:  # it is the same for another process
        assert folder_of(server.url("postgres")) == folder
        pid = int((folder / "data" / "postmaster.pid").read_text().split()[0])
        run.kill()
        run.wait()
        run.stdout.close()
        assert server.take()  # and stays while somebody uses it
    end = time.monotonic() + 60
    while folder.exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert not folder.exists()
    assert not Path(f"/proc/{pid}").exists()
    with shared_server(tmp_path) as server:  # who comes later gets another
        assert folder_of(server.url("postgres")) != folder
