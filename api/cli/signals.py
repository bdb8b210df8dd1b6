"""`flyonce signals`: devices, readings, reports, and what became of them; a client of the API."""

import csv
import io
import json
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from api.cli.calling import HERE, Caller, Server, Token, calling
from api.cli.output import AsJson, emit, err, out, wide
from core.errors import InvalidInput

app = typer.Typer(no_args_is_help=True, help="Sensor readings, citizens' reports and warnings.")
devices = typer.Typer(no_args_is_help=True, help="The register of sensors.")
app.add_typer(devices, name="devices")

CHUNK = 1000
"""Things of one request."""
_File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]


@app.command("list")
def list_(
    state: Annotated[str | None, typer.Option(help="Such as received, asked, answered.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 50,
    server: Server = HERE,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Show what crossed a rule, was reported or found, the latest first."""
    with calling(server, token) as service:
        found = list(service.pages("/signals", limit, state=state))
    if as_json:
        emit(found)
        return
    table = Table("id", "at", "state", "what", "answer")
    for s in found:
        table.add_row(s["id"], s["at"][:16], s["state"], s["text"], s["answer"])
    wide().print(table)


@app.command()
def show(id: str, server: Server = HERE, token: Token = None) -> None:
    """Show one signal whole, as JSON."""
    with calling(server, token) as service:
        emit(service.get(f"/signals/{id}"))


@app.command()
def send(file: _File, server: Server = HERE, token: Token = None, as_json: AsJson = False) -> None:
    """Send readings from a CSV file (device,at,value) or a JSON list of them."""
    rows = _readings(file)
    counts: dict[str, int] = {}
    refused: list[Any] = []
    made: list[Any] = []
    with calling(server, token) as service:
        for start in range(0, len(rows), CHUNK):
            body = {"readings": rows[start : start + CHUNK]}
            batch = service.send("POST", "/signals", body)["batch"]
            for code, n in batch["counts"].items():
                counts[code] = counts.get(code, 0) + n
            refused += [{**v, "index": v["index"] + start} for v in batch["verdicts"]]
            made += batch["signals"]
    if as_json:
        emit({"counts": counts, "verdicts": refused, "signals": made})
        return
    for v in refused[:20]:
        err.print(f"reading {v['index'] + 1}, {v['device']}: {v['detail']}", markup=False)
    if len(refused) > 20:
        err.print(f"... and {len(refused) - 20} more; --json names them all", markup=False)
    for s in made:
        out.print(f"{s['id']} {s['state']}: {s['text']}", markup=False)
    out.print(", ".join(f"{n} {code}" for code, n in counts.items()), markup=False)


@app.command()
def report(
    category: Annotated[str, typer.Argument(help="Such as flood; 'rules' lists them.")],
    text: Annotated[str, typer.Option(help="What was seen.")] = "",
    lon: Annotated[float | None, typer.Option()] = None,
    lat: Annotated[float | None, typer.Option()] = None,
    crs: Annotated[str, typer.Option(help="wgs84, gcj02 or bd09.")] = "wgs84",
    photo: Annotated[list[str] | None, typer.Option(help="Id of an upload or medium.")] = None,
    department: Annotated[str | None, typer.Option()] = None,
    server: Server = HERE,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Report something that a citizen saw."""
    said = {"category": category, "text": text, "lon": lon, "lat": lat, "crs": crs,
            "photos": photo or [], "department": department}  # fmt: skip
    with calling(server, token) as service:
        signal = service.send("POST", "/signals", {"report": said})["signal"]
    if as_json:
        emit(signal)
    else:
        out.print(f"{signal['id']} {signal['state']}: {signal['answer']}", markup=False)


@app.command()
def rules(server: Server = HERE, token: Token = None) -> None:
    """Show the kinds of sensor with their rules, and what may be reported or found."""
    with calling(server, token) as service:
        emit(service.get("/signals/rules"))


@app.command()
def simulate(
    count: Annotated[int, typer.Option("--devices", min=1, max=100_000)] = 1000,
    rate: Annotated[float, typer.Option(min=0.1, max=10_000, help="Readings a second.")] = 16.0,
    seconds: Annotated[float, typer.Option(min=1, max=86_400)] = 60.0,
    batch: Annotated[int, typer.Option(min=1, max=10_000, help="Readings of a request.")] = 100,
    seed: Annotated[int, typer.Option(help="The same seed sends the same values.")] = 0,
    server: Server = HERE,
    token: Token = None,
) -> None:
    """Send plausible readings of registered devices: calm ones, and one in 10,000 far too high."""
    chance = random.Random(seed)
    with calling(server, token) as service:
        kinds = {k["id"]: k for k in service.get("/signals/rules")["kinds"]}
        known = list(service.pages("/devices", count))
        if not known:
            raise InvalidInput(
                "no devices",
                where="/devices",
                remedy="register some: 'flyonce signals devices import FILE'",
            )
        counts, slowest_s = _sent(service, known, kinds, chance, rate, seconds, batch)
    said = ", ".join(f"{n} {code}" for code, n in counts.items())
    out.print(f"{said}; slowest answer {slowest_s * 1000:.0f} ms", markup=False)


def _sent(
    service: Caller,
    known: Sequence[Any],
    kinds: dict[str, Any],
    chance: random.Random,
    rate: float,
    seconds: float,
    batch: int,
) -> tuple[dict[str, int], float]:
    """Keep a rate up for some time; how many of each verdict, and the slowest answer."""
    counts: dict[str, int] = {}
    slowest_s, turn, begin = 0.0, 0, time.monotonic()
    while (now := time.monotonic()) < begin + seconds:
        chosen = [known[(turn + n) % len(known)] for n in range(min(batch, len(known)))]
        turn += len(chosen)
        at = datetime.now(UTC).isoformat()
        rows = [
            {"device": d["id"], "at": at, "value": _plausible(kinds[d["kind"]], chance)}
            for d in chosen
        ]
        answer = service.send("POST", "/signals", {"readings": rows})["batch"]
        slowest_s = max(slowest_s, time.monotonic() - now)
        for code, n in answer["counts"].items():
            counts[code] = counts.get(code, 0) + n
        time.sleep(max(0.0, begin + turn / rate - time.monotonic()))
    return counts, slowest_s


def _plausible(kind: dict[str, Any], chance: random.Random) -> float:
    """A value where all is well; now and then one beyond every limit above."""
    above = [r["limit"] for r in kind["rules"] if r["when"] == "above" and r["limit"] is not None]
    below = [r["limit"] for r in kind["rules"] if r["when"] == "below" and r["limit"] is not None]
    top = min(above, default=kind["low"] + 0.1 * (kind["high"] - kind["low"]))
    foot = max(below, default=max(kind["low"], 0.0 if top > 0 else kind["low"]))
    if chance.random() < 1e-4:
        return float(round(min(kind["high"], top * 1.5), 3))
    calm = foot + 0.5 * (top - foot)
    return float(round(calm * (1.0 + 0.002 * chance.uniform(-1, 1)), 3))


def _readings(file: Path) -> list[Any]:
    text = file.read_bytes().decode("utf-8-sig", "replace")
    if text.lstrip()[:1] in ("[", "{"):
        try:
            body = json.loads(text)
        except ValueError as error:
            raise InvalidInput(f"no JSON: {error}", where=str(file), remedy="mend it") from error
        rows = body.get("readings") if isinstance(body, dict) else body
        if not isinstance(rows, list):
            raise InvalidInput("no list of readings", where=str(file), remedy="write [{...}, ...]")
        return rows
    return list(_lines(file, text))


def _lines(file: Path, text: str) -> Iterator[dict[str, Any]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    heading = [column.strip() for column in reader.fieldnames or ()]
    if not {"device", "at", "value"} <= set(heading):
        raise InvalidInput(
            "no columns device, at, value", where=str(file), remedy="head it device,at,value"
        )
    reader.fieldnames = heading
    for row in reader:
        value: Any = row["value"]
        with suppress(TypeError, ValueError):  # the service says what is wrong with it
            value = float(value)
        good = not isinstance(value, float) or value - value == 0  # NaN and infinity are no JSON
        yield {"device": row["device"], "at": row["at"], "value": value if good else str(value)}


@devices.command("import")
def import_(
    file: _File, server: Server = HERE, token: Token = None, as_json: AsJson = False
) -> None:
    """Register the devices of a CSV file (id,kind,lon,lat,name,department,...) or of GeoJSON."""
    from dataclasses import asdict

    from missions.signals.importing import drafts_of

    drafts = [asdict(draft) for draft in drafts_of(file.read_bytes(), str(file))]
    counts: dict[str, int] = {}
    refused: list[Any] = []
    with calling(server, token) as service:
        for start in range(0, len(drafts), CHUNK):
            answer = service.send("POST", "/devices", {"devices": drafts[start : start + CHUNK]})
            for verdict, n in answer["counts"].items():
                counts[verdict] = counts.get(verdict, 0) + n
            refused += answer["refused"]
    if as_json:
        emit({"counts": counts, "refused": refused})
    else:
        for v in refused:
            err.print(f"{v['id']}: {v['detail']}", markup=False)
        out.print(", ".join(f"{n} {v}" for v, n in counts.items()) or "no devices", markup=False)
    if refused:
        raise typer.Exit(2)


@devices.command("list")
def list_devices(
    kind: Annotated[str | None, typer.Option(help="Such as rain.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 100,
    server: Server = HERE,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Show devices with their last readings."""
    with calling(server, token) as service:
        found = list(service.pages("/devices", limit, kind=kind))
    if as_json:
        emit(found)
        return
    table = Table("id", "kind", "department", "county", "state", "last at", "value", "crossed")
    for d in found:
        crossed = ", ".join(r["rule"] for r in d["raised"]) + (" silent" if d["silent"] else "")
        value = "" if d["last_value"] is None else f"{d['last_value']:g}"
        last = (d["last_at"] or "never")[:16]
        table.add_row(
            d["id"], d["kind"], d["department"], d["county"], d["state"], last, value, crossed
        )
    wide().print(table)


@devices.command()
def state(
    id: str,
    state: Annotated[str, typer.Argument(help="in_service, calibration or out_of_service")],
    note: Annotated[str, typer.Option(help="Why.")] = "",
    server: Server = HERE,
    token: Token = None,
) -> None:
    """Put a device into or out of service."""
    with calling(server, token) as service:
        changed = service.send("PATCH", f"/devices/{id}", {"state": state, "note": note})
    out.print(f"{changed['id']}: {changed['state']}", markup=False)
