"""The command line: help, exit codes, clear errors, JSON on standard output only."""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from api import cli
from core.errors import InvalidInput, Unavailable

Run = Callable[..., tuple[int, str, str]]


def test_help_answers_quickly_and_names_all_commands() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    said = subprocess.run(
        [sys.executable, "-m", "api.cli", "--help"], capture_output=True, text=True, check=True
    )
    # processor time, for the machine may be busy; half a second where nothing else runs
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 2.0
    for name in ("serve", "demo", "plan", "analyze", "sim", "token", "audit"):
        assert name in said.stdout


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, api.cli; heavy = {'ortools', 'cv2', 'fastapi', 'sqlalchemy', 'numpy'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "command",
    ["serve", "demo", "plan", "analyze", "sim", "token create", "token list", "audit verify"],
)
def test_every_command_has_help(run: Run, command: str) -> None:
    status, said, _ = run(*command.split(), "--help")
    assert status == 0
    assert "Usage" in said


@pytest.mark.parametrize(
    "arguments",
    [
        ("fly",),
        ("plan", "--day", "tomorrow"),
        ("serve", "--speed", "fast"),
        ("serve", "--port", "99999"),
        ("demo", "--report", "none/r.json"),
        ("plan", "--preset", "atlantis"),
        ("audit", "verify"),
        ("token", "list"),
        ("token", "create", "--name", "x", "--role", "king"),
        ("token", "create", "--name", "x", "--role", "member", "--department", "magic"),
    ],
)
def test_bad_input_is_status_2_with_one_clear_message(run: Run, arguments: tuple[str, ...]) -> None:
    status, said, messages = run(*arguments)
    assert status == 2
    assert said == ""
    assert "Traceback" not in messages
    assert messages.strip()


def test_an_error_says_what_where_and_what_to_do(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLYONCE_PORT", "many")
    status, _, messages = run("plan")
    assert status == 2
    assert "where: FLYONCE_PORT" in messages
    assert "to do:" in messages


def test_brackets_in_a_message_are_not_markup(capsys: pytest.CaptureFixture[str]) -> None:
    cli.complain(InvalidInput("[bold]x[/] in a[0]", where="f[1]", remedy="see [2]"))
    said = capsys.readouterr().err
    assert "[bold]x[/] in a[0]" in said
    assert "f[1]" in said


def test_token_life(run: Run) -> None:
    status, said, _ = run(
        "token", "create", "--name", "Li", "--role", "member", "--department", "water", "--json"
    )
    assert status == 0
    token = json.loads(said)["token"]
    assert len(token) > 30
    listed = json.loads(run("token", "list", "--json")[1])
    assert [(t["name"], t["role"], t["department"]) for t in listed] == [("Li", "member", "water")]
    assert token not in json.dumps(listed)
    assert run("token", "revoke", "--name", "Li")[0] == 0
    assert json.loads(run("token", "list", "--json")[1])[0]["revoked_at"]
    assert run("token", "revoke", "--name", "Li")[0] == 1


def test_audit_of_an_untouched_trail(run: Run) -> None:
    run("token", "create", "--name", "Root", "--role", "administrator")
    status, said, _ = run("audit", "verify", "--json")
    assert status == 0
    report = json.loads(said)
    assert report["whole"] is True
    assert run("audit", "verify", "--anchor", report["head"])[0] == 0
    assert run("audit", "verify", "--anchor", "5:abc")[0] == 1
    assert run("audit", "verify", "--anchor", "abc")[0] == 2


def test_a_fresh_demo_does_not_empty_a_foreign_folder(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    status, _, messages = run("demo", "--headless", "--home", "mine")
    assert status == 2
    assert "not made by FlyOnce" in messages
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"


def test_demo_passes_its_options_on_and_shows_the_figures(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    async def flown(settings: Any, **options: Any) -> dict[str, Any]:
        asked.update(options, home=settings.home)
        now = SimpleNamespace(done=0.5, stage="flying", speed=20.0, counts={"flying": 9})
        options["progress"](now)
        return {"drones": 51, "territory_share": {"day": 0.05}}

    monkeypatch.setattr("api.demo.run", flown)
    status, said, messages = run(
        "demo", "--headless", "--hours", "1", "--seed", "3", "--resume", "--json"
    )
    assert status == 0, messages
    assert json.loads(said)["drones"] == 51
    assert "50% flying, 20 times real time, 9 flying" in messages
    assert (asked["hours"], asked["seed"], asked["speed"], asked["fresh"]) == (1.0, 3, "max", False)
    assert asked["home"] == Path(".flyonce/demo")
    assert "drones" in run("demo", "--headless")[1]


def test_a_port_in_use_is_a_failure_that_names_the_option(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def serve(_settings: Any, **_options: Any) -> None:
        raise Unavailable("cannot listen on port 8000", remedy="choose another port with --port")

    monkeypatch.setattr("api.runtime.serve", serve)
    status, _, messages = run("serve")
    assert status == 1
    assert "--port" in messages


def test_serve_tells_the_address(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def serve(settings: Any, **options: Any) -> None:
        options["ready"](settings.url)
        assert options["simulate"] is False
        assert options["speed"] == "25"

    monkeypatch.setattr("api.runtime.serve", serve)
    monkeypatch.setattr(sys, "argv", ["flyonce"])
    status, said, _ = run("serve", "--no-sim", "--speed", "25", "--port", "8123")
    assert status == 0
    assert "http://127.0.0.1:8123" in said


def test_analyze_of_unreadable_files_fails_with_reasons(run: Run, tmp_path: Path) -> None:
    assert run("analyze", "nothing-here.jpg")[0] == 1
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    status, said, messages = run("analyze", "broken.jpg", "--json")
    assert status == 1
    assert json.loads(said)[0]["ok"] is False
    assert "broken.jpg" in messages


@pytest.fixture
def sim_commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What `flyonce sim` would start; it ends with status 3."""
    commands: list[list[str]] = []

    def started(command: list[str]) -> int:
        commands.append(command)
        return 3

    monkeypatch.setattr("api.cli.sim._run", started)
    return commands


def test_sim_in_a_city_writes_the_world_and_passes_the_status_on(
    run: Run, sim_commands: list[list[str]], tmp_path: Path
) -> None:
    options = ("--preset", "quzhou", "--drones", "2", "--speed", "max", "--no-people")
    status, _, _ = run("sim", *options, "--autopilot", "mixed")
    assert status == 3
    assert sim_commands[0][1:3] == ["-m", "sim"]
    assert "--no-people" in sim_commands[0]
    world = json.loads((tmp_path / ".flyonce" / "world-sim.json").read_text())
    assert [d["autopilot"] for d in world["docks"]] == ["ardupilot", "px4"]
    assert datetime.fromisoformat(world["start"]).tzinfo is not None
    assert datetime.fromisoformat(world["start"]).astimezone(UTC)


def test_sim_needs_no_city_and_no_service(
    run: Run, sim_commands: list[list[str]], tmp_path: Path
) -> None:
    faults = tmp_path / "faults.json"
    faults.write_text("[]")
    options = ("--drones", "51", "--speed", "10", "--faults", str(faults), "--seed", "3")
    status, _, _ = run("sim", *options, "--kind", "vtol", "--autopilot", "px4", "--booted")
    command = " ".join(sim_commands[0])
    assert status == 3
    assert "--drones 51 --kind vtol --autopilot px4" in command
    assert f"--speed 10 --seed 3 --hours 10.0 --faults {faults}" in command
    assert "--world" not in command
    assert "--service" not in command
    assert not (tmp_path / ".flyonce").exists()


def test_sim_says_what_it_cannot_do(run: Run, sim_commands: list[list[str]]) -> None:
    assert run("sim", "--drones", "0")[0] == 2
    assert run("sim", "--kind", "balloon")[0] == 2
    status, _, said = run("sim", "--preset", "quzhou", "--kind", "vtol")
    assert status == 2
    assert "a city says itself what flies there" in " ".join(said.split())
    assert sim_commands == []


def test_signals_reach_the_simulator(monkeypatch: pytest.MonkeyPatch) -> None:
    from api.cli.sim import _run

    waits = "import time; time.sleep(20)"
    code = (
        "import os, signal, sys, threading; from api.cli.sim import _run;"
        "threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGTERM)).start();"
        f"sys.exit(_run([sys.executable, '-c', {waits!r}]))"
    )
    began = time.monotonic()
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert time.monotonic() - began < 15
    assert _run([sys.executable, "-c", "raise SystemExit(4)"]) == 4
