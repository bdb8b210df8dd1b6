"""`flyonce request`: ask a running service for a look, and read the answer as a department does."""

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from api.cli.calling import HERE, Caller, Server, Token, calling
from api.cli.output import AsJson, emit, err, out, shown
from core.errors import InvalidInput, NotFound, Unavailable

WINDOW_H = 4
"""A window without an end is so long."""


def request(
    file: Annotated[
        Path | None,
        typer.Argument(help="GeoJSON, KML, KMZ or a zipped shapefile of what is to be looked at."),
    ] = None,
    point: Annotated[str | None, typer.Option(help="Instead of a file: LON,LAT.")] = None,
    area: Annotated[
        str | None, typer.Option(help="Instead of a file: LON,LAT LON,LAT LON,LAT ...")
    ] = None,
    line: Annotated[
        str | None, typer.Option(help="Instead of a file, a corridor: LON,LAT LON,LAT ...")
    ] = None,
    scenario: Annotated[str | None, typer.Option(help="Fills in what is left out.")] = None,
    window: Annotated[
        str | None,
        typer.Option(help="START/END, such as 2026-05-13T09:00/12:00; the city's time, if none."),
    ] = None,
    recur: Annotated[
        str | None, typer.Option(help="Again and again, RRULE: 'FREQ=WEEKLY;BYDAY=MO,WE'.")
    ] = None,
    zone: Annotated[str | None, typer.Option(help="IANA zone of --recur; the city's.")] = None,
    sensor: Annotated[str | None, typer.Option(help="visible, zoom or thermal.")] = None,
    gsd: Annotated[float | None, typer.Option(help="Metres a pixel.")] = None,
    width: Annotated[float | None, typer.Option(help="Breadth of a corridor, metres.")] = None,
    priority: Annotated[int | None, typer.Option(min=1, max=5)] = None,
    purpose: Annotated[str, typer.Option(help="What for.")] = "",
    department: Annotated[
        str | None, typer.Option(help="On whose behalf, for city-wide roles.")
    ] = None,
    share_with: Annotated[
        list[str] | None, typer.Option(help="A department that may see it; may be repeated.")
    ] = None,
    fresh: Annotated[
        float, typer.Option(min=0, help="Photographs of the last so many hours will do.")
    ] = 0.0,
    crs: Annotated[
        str | None, typer.Option(help="Of the coordinates: WGS84, GCJ02 or BD09.")
    ] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Only say what it would be.")] = False,
    show: Annotated[str | None, typer.Option(help="Id of a request to show again.")] = None,
    accept: Annotated[
        str | None, typer.Option(help="Id of a refused request whose offer is taken up.")
    ] = None,
    withdraw: Annotated[str | None, typer.Option(help="Id of a request to take back.")] = None,
    server: Server = HERE,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Ask for a look: which flight and when, or why not and what could be had instead.

    Status 1 when it is refused.
    """
    with calling(server, token) as service:
        if show or accept or withdraw:
            answer = _known(service, show, accept, withdraw)
        else:
            body = {
                "geometry": _geometry(service, file, point, area, line, crs),
                "scenario": scenario,
                "sensor": sensor,
                "gsd_m": gsd,
                "width_m": width,
                "priority": priority,
                "purpose": purpose,
                "department": department,
                "share_with": share_with or [],
                "fresh_h": fresh,
                # a file was converted already, and is WGS-84 now
                "crs": "WGS84" if file is not None and crs else crs,
                **_window(service, window),
            }
            answer = _asked(service, body, recur, zone, preview)
        city = ZoneInfo(service.get("/city")["zone"])
    if as_json:
        emit(answer)
    else:
        _tell(answer, city)
    if (answer.get("answer") or {}).get("state") == "refused":
        raise typer.Exit(1)


def _known(service: Caller, show: str | None, accept: str | None, withdraw: str | None) -> Any:
    if show:
        return service.get(f"/requests/{show}")
    path = f"/requests/{accept}/accept" if accept else f"/requests/{withdraw}/withdraw"
    return service.send("POST", path, None)


def _asked(
    service: Caller, body: dict[str, Any], recur: str | None, zone: str | None, preview: bool
) -> Any:
    if recur is None:
        return service.send("POST", "/requests/preview" if preview else "/requests", body)
    own = zone or service.get("/city")["zone"]
    return service.send("POST", "/standings", {**body, "recurrence": {"rrule": recur, "zone": own}})


def _geometry(
    service: Caller,
    file: Path | None,
    point: str | None,
    area: str | None,
    line: str | None,
    crs: str | None,
) -> Any:
    """GeoJSON of what was given; a file is read by the service, which says what it did to it."""
    given = [v for v in (file, point, area, line) if v is not None]
    if len(given) != 1:
        raise InvalidInput(
            "no place, or several", where="FILE", remedy="give a file, --point, --area or --line"
        )
    if file is None:
        return _drawn(point, area, line)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise (NotFound if not file.exists() else Unavailable)(
            f"cannot be read: {error.strerror}", where=str(file), remedy="check its name"
        ) from error
    got = service.upload("/requests/geometry", content, name=file.name, crs=crs)
    for note in got["notes"]:
        err.print(f"note: {shown(note)}", markup=False)
    if got["suspected"]:
        seems = got["suspected"]
        raise InvalidInput(
            f"it looks like {seems['crs']}: {seems['why']}",
            where="--crs",
            remedy=f"--crs {seems['crs']} to have it converted, --crs WGS84 to keep it",
        )
    if got["geometry"] is None:
        raise InvalidInput(
            "it takes several requests", where=str(file), remedy="give one file for each"
        )
    return got["geometry"]


def _drawn(point: str | None, area: str | None, line: str | None) -> Any:
    if point is not None:
        return {"type": "Point", "coordinates": _places(point, 1, "--point")[0]}
    if line is not None:
        return {"type": "LineString", "coordinates": _places(line, 2, "--line")}
    ring = _places(area or "", 3, "--area")
    return {"type": "Polygon", "coordinates": [ring if ring[0] == ring[-1] else [*ring, ring[0]]]}


def _places(text: str, least: int, where: str) -> list[list[float]]:
    try:
        places = [[float(v) for v in pair.split(",")] for pair in text.replace(";", " ").split()]
    except ValueError:
        places = []
    if len(places) < least or any(len(p) != 2 for p in places):
        raise InvalidInput(
            f"{text[:60]!r} is no place", where=where, remedy="write LON,LAT LON,LAT ... in degrees"
        )
    return places


def _window(service: Caller, window: str | None) -> dict[str, str]:
    """Earliest and latest; times without a zone are the city's."""
    zone = ZoneInfo(service.get("/city")["zone"])
    now = datetime.fromisoformat(service.get("/health")["time"]).astimezone(zone)
    if window is None:
        return {
            "earliest": now.isoformat(),
            "latest": (now + timedelta(hours=WINDOW_H)).isoformat(),
        }
    first, _, last = window.partition("/")
    earliest = _time(first, now.date(), zone)
    latest = _time(last, earliest.date(), zone) if last else earliest + timedelta(hours=WINDOW_H)
    return {"earliest": earliest.isoformat(), "latest": latest.isoformat()}


def _time(text: str, day: date, zone: ZoneInfo) -> datetime:
    try:
        if len(text) <= len("23:59:59"):
            return datetime.combine(day, time.fromisoformat(text), tzinfo=zone)
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(
            f"{text[:40]!r} is no time",
            where="--window",
            remedy="write START/END such as 2026-05-13T09:00/12:00",
        ) from error
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _tell(made: Any, zone: ZoneInfo) -> None:
    """The answer in the words and the order in which a department wants them."""
    if "rrule" in made:
        out.print(f"standing order {made['id']}: {made['rrule']} ({made['zone']})", markup=False)
        out.print("each occurrence becomes a request when its day is planned", markup=False)
        return
    answer = made.get("answer") or {"text": "no answer yet", "flights": [], "conflict": []}
    name = made.get("id", "preview")
    out.print(f"{name}: {shown(answer['text'])}", markup=False)
    if answer.get("text_zh"):
        out.print(shown(answer["text_zh"]), markup=False)
    for slot in answer["flights"]:
        start, end = (datetime.fromisoformat(slot[k]).astimezone(zone) for k in ("start", "end"))
        times = f"{start:%m-%d %H:%M} to {end:%H:%M}"
        out.print(f"  flight {slot['flight_id']} from {slot['dock']}, {times}", markup=False)
    if answer.get("km") is not None:
        out.print(f"  because of it: {answer['km']:g} km, {answer['minutes']:g} min", markup=False)
    if answer.get("with_departments"):
        out.print(f"  shared with: {', '.join(answer['with_departments'])}", markup=False)
    for constraint in answer["conflict"]:
        out.print(f"  against it: {shown(constraint['text'])}", markup=False)
    if answer.get("offer") and "id" in made:
        out.print(f"  take it: flyonce request --accept {name}", markup=False)
    for medium in made.get("reused") or ():
        out.print(f"  photograph: {medium}", markup=False)
