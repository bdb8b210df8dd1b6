"""`flyonce detectors`: what trained detectors are there, is this one good, what does it find."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from api.cli.output import AsJson, emit, err, wide
from core.errors import InvalidInput, NotFound

app = typer.Typer(help="Trained detectors: ONNX files with a card. The project ships none.")

_Folder = Annotated[
    Path | None, typer.Option("--folder", help="Instead of FLYONCE_DETECTORS.", file_okay=False)
]


@app.command("list")
def list_detectors(folder: _Folder = None, as_json: AsJson = False) -> None:
    """Every detector of the folder, proven to run, or why it is not used.

    Status 1 when one is refused.
    """
    from imagery.detectors.folder import load_folder

    found = load_folder(folder or _set(), _known())
    if as_json:
        cards = {n: m.card.model_dump() for n, m in found.models.items()}
        emit({"loaded": cards, "refused": {r.name: r.reason for r in found.refused}})
    else:
        table = Table("name", "version", "slot", "finds", "licence")
        for name, model in found.models.items():
            card = model.card
            words = sorted({x.event_type or x.privacy or "" for x in card.labels} - {""})
            table.add_row(name, card.version, card.slot, ", ".join(words), card.licence)
        wide().print(table)
    for refused in found.refused:
        err.print(f"refused: {refused.name}: {refused.reason} ({refused.remedy})", markup=False)
    if not found.models and not found.refused:
        err.print("No detector: officers look for what one would find (docs/review.md).")
    if found.refused:
        raise typer.Exit(1)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="NAME.onnx, with NAME.yaml beside it.")],
    as_json: AsJson = False,
) -> None:
    """Load a detector and try it once; says what is wrong with file or card."""
    from imagery.detectors.folder import load_model

    model = load_model(file, _known())
    answer = {
        "name": model.stem,
        "bytes": model.size_bytes,
        "outputs": dict(zip(model.output_names, model.shapes, strict=True)),
        "card": model.card.model_dump(),
    }
    if as_json:
        emit(answer)
    else:
        err.print(f"{file.name} is good: {answer['outputs']}", markup=False)


@app.command()
def run(
    card: Annotated[Path, typer.Argument(help="NAME.yaml, with NAME.onnx beside it.")],
    photos: Annotated[list[Path], typer.Argument(help="Photographs.")],
    as_json: AsJson = False,
) -> None:
    """Run one detector on photographs; a bad file never ends the others."""
    from imagery.detectors.folder import load_model
    from imagery.detectors.run import detect, read_picture
    from imagery.files.reading import read_whole

    model = load_model(card.with_suffix(".onnx"), _known())
    answers, failed = [], 0
    for photo in photos:
        try:
            found = detect(model, read_picture(read_whole(photo), str(photo)))
        except (InvalidInput, NotFound) as why:
            failed += 1
            err.print(f"not looked at: {why}", markup=False)
            continue
        for each in found:
            box = [round(v, 1) for v in each.box]
            answers.append(
                {
                    "photo": str(photo),
                    "label": each.label,
                    "event_type": each.event_type,
                    "privacy": each.privacy,
                    "score": round(each.score, 4),
                    "box": box,
                }
            )
    if as_json:
        emit(answers)
    else:
        table = Table("photo", "label", "event type", "score", "left, top, width, height")
        for a in answers:
            means = str(a["event_type"] or a["privacy"])
            table.add_row(str(a["photo"]), str(a["label"]), means, str(a["score"]), str(a["box"]))
        wide().print(table)
    if failed == len(photos):
        raise typer.Exit(1)


def _set() -> Path:
    from api.settings import load

    folder = load().detectors
    if folder is None:
        raise InvalidInput(
            "no folder of detectors is set",
            where="FLYONCE_DETECTORS",
            remedy="set it, or name one with --folder",
        )
    return folder


def _known() -> dict[str, str]:
    """By event type code, what finds it, in the city that is set."""
    from api.settings import load
    from missions.presets import load as load_preset

    types = load_preset(load().preset).event_types
    return {code: kind.detector for code, kind in types.items()}
