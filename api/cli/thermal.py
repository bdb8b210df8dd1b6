"""`flyonce thermal`: the temperatures of one file, as numbers."""

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from api.cli.output import AsJson, emit, err, out
from core.errors import FlyOnceError, InvalidInput, Unavailable

if TYPE_CHECKING:
    import numpy as np

    from thermal.formats.frame import ThermalFrame
    from thermal.uncertainty import Budget

OPTIONS = {
    "emissivity": "--emissivity",
    "reflected_c": "--reflected",
    "air_c": "--air",
    "humidity": "--humidity",
    "distance_m": "--distance",
    "window_transmission": "--window",
    "window_c": "--window-temperature",
}
"""The option of each radiometric parameter."""

SHOWN = (
    ("emissivity", "emissivity", "{:.3g}"),
    ("reflected_c", "reflected temperature", "{:.1f} C"),
    ("air_c", "air", "{:.1f} C"),
    ("humidity", "humidity", "{:.0%}"),
    ("distance_m", "distance", "{:.1f} m"),
    ("window_transmission", "window transmission", "{:.3g}"),
)


def thermal(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="FLIR or DJI R-JPEG, or TIFF.")],
    npy: Annotated[
        Path | None,
        typer.Option("--npy", dir_okay=False, help="Write (H, W) float32 in C; NaN: not measured."),
    ] = None,
    sigma: Annotated[
        Path | None,
        typer.Option("--uncertainty", dir_okay=False, help="Write each pixel's sigma, float32 K."),
    ] = None,
    emissivity: Annotated[
        float | None, typer.Option(help="Of the object, 0.01 to 1.", show_default="the file's")
    ] = None,
    reflected: Annotated[
        float | None,
        typer.Option(
            help="Apparent temperature that the object mirrors, C.", show_default="the file's"
        ),
    ] = None,
    air: Annotated[
        float | None, typer.Option(help="Temperature of the air, C.", show_default="the file's")
    ] = None,
    humidity: Annotated[
        float | None, typer.Option(help="Of the air, 0 to 1.", show_default="the file's")
    ] = None,
    distance: Annotated[
        float | None, typer.Option(help="Camera to object, metres.", show_default="the file's")
    ] = None,
    window: Annotated[
        float | None, typer.Option(help="Transmission of a window before the lens, 0.01 to 1.")
    ] = None,
    window_temperature: Annotated[
        float | None, typer.Option(help="Temperature of that window, C.")
    ] = None,
    apparent: Annotated[
        bool, typer.Option("--apparent", help="Uncorrected: emissivity 1, no air, no window.")
    ] = False,
    scale: Annotated[
        str | None,
        typer.Option(help="Of a 16-bit TIFF that names none: centikelvin, 0.04K or decikelvin."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read the temperatures of a radiometric photograph, with their uncertainty.

    What the file says of emissivity, air and so on is taken unless an option says otherwise.
    """
    values = (emissivity, reflected, air, humidity, distance, window, window_temperature)
    given = {n: v for n, v in zip(OPTIONS, values, strict=True) if v is not None}
    _apart(path, npy, sigma)
    frame = _decode(path, _change(given, apparent), scale)
    from thermal import uncertainty

    kelvin = uncertainty.of(frame)
    for target, array in ((npy, frame.measured()), (sigma, kelvin)):
        if target is not None:
            _save(target, array)
    told = _summary(path, frame, kelvin)
    told["written"] = {"npy": npy and str(npy), "uncertainty": sigma and str(sigma)}
    if as_json:
        emit(told)
    else:
        out.print(_table(told))
    for note in frame.notes:
        err.print(f"note: {note}", markup=False)


def _apart(path: Path, *targets: Path | None) -> None:
    """No output stands in place of another, or of the original."""
    places = [os.path.realpath(p) for p in (path, *targets) if p is not None]
    if len(set(places)) < len(places):
        raise InvalidInput(
            "two of the files are the same",
            where="FILE, --npy, --uncertainty",
            remedy="give each output a name of its own; the original is never written to",
        )


def _change(given: dict[str, float], apparent: bool) -> Any:
    from thermal.parameters import APPARENT

    if not apparent:
        return given or None
    if given:
        raise InvalidInput(
            f"--apparent corrects nothing, {', '.join(OPTIONS[name] for name in given)} would",
            where="--apparent",
            remedy="leave out one of the two",
        )
    return APPARENT


def _decode(path: Path, change: Any, scale: str | None) -> "ThermalFrame":
    from thermal.formats.decode import decode
    from thermal.report.files import read_file

    data = read_file(path)
    try:
        return decode(data, change, scale=scale)
    except FlyOnceError as error:
        where = str(path)
        for name, option in OPTIONS.items():
            if error.where == "radiometric parameters" and error.what.startswith(name):
                where = option
        raise type(error)(error.what, where=where, remedy=error.remedy) from error


def _save(target: Path, array: "np.ndarray") -> None:
    import numpy as np

    from thermal.report.files import write_whole

    whole = io.BytesIO()
    np.save(whole, np.ascontiguousarray(array, np.float32), allow_pickle=False)
    try:
        write_whole(target, whole.getvalue())
    except OSError as error:
        raise Unavailable(
            f"cannot be written: {error.strerror}", where=str(target), remedy="choose another file"
        ) from error


def _summary(path: Path, frame: "ThermalFrame", kelvin: "np.ndarray") -> dict[str, Any]:
    import numpy as np

    from thermal import uncertainty
    from thermal.radiometry import Grey

    measured = frame.celsius if frame.valid is None else frame.celsius[frame.valid]
    height, width = frame.celsius.shape
    row, col = (int(i) for i in np.unravel_index(np.argmax(frame.celsius), (height, width)))
    budget = uncertainty.budget(frame, row, col)
    return {
        "file": str(path),
        "camera": frame.camera.strip("* "),
        "encoding": frame.encoding,
        "width": width,
        "height": height,
        "corrected": frame.corrected,
        # a TIFF does not say what it was corrected with
        "parameters": None if isinstance(frame.correction, Grey) else frame.parameters.summary(),
        "min_c": float(measured.min()),
        "mean_c": float(measured.mean(dtype=np.float64)),
        "max_c": float(measured.max()),
        "not_measured": int(frame.celsius.size - measured.size),
        "uncertainty_k": {
            "coverage": "one standard deviation (k = 1)",
            "min": float(kelvin.min()),
            "mean": float(kelvin.mean(dtype=np.float64)),
            "max": float(kelvin.max()),
        },
        "hottest": {"row": row, "col": col, "celsius": budget.celsius, **_budget(budget)},
        "notes": list(frame.notes),
    }


def _budget(budget: "Budget") -> dict[str, Any]:
    return {
        "uncertainty_k": budget.kelvin,
        "budget": [
            {"input": p.name, "u": p.u, "effect_k": p.kelvin, "share": p.share}
            for p in budget.parts
        ],
    }


def _table(told: dict[str, Any]) -> Table:
    sigma, hottest = told["uncertainty_k"], told["hottest"]
    corrected = told["corrected"] and told["parameters"] is not None
    kind = "corrected" if corrected else "as exported" if told["corrected"] else "apparent"
    rows = [
        ("camera", told["camera"] or "-"),
        ("encoding", f"{told['encoding']}, {told['width']} x {told['height']}"),
        ("temperatures", kind),
        *((name, form.format(told["parameters"][key])) for key, name, form in SHOWN if corrected),
        ("min, mean, max", "{min_c:.2f}, {mean_c:.2f}, {max_c:.2f} C".format(**told)),
        ("uncertainty (k = 1)", "{min:.2f} to {max:.2f} K".format(**sigma)),
        (
            "hottest pixel",
            "{celsius:.2f} C +- {uncertainty_k:.2f} K in column {col}, row {row}".format(**hottest),
        ),
    ]
    main = [p for p in hottest["budget"] if p["share"] >= 0.005]
    rows += [(f"  from {p['input']}", f"{p['effect_k']:+.2f} K ({p['share']:.0%})") for p in main]
    if told["not_measured"]:
        rows.append(("not measured", f"{told['not_measured']} pixels"))
    table = Table(show_header=False)
    for name, value in rows:
        table.add_row(name, value)
    return table
