"""`flyonce labels export`: officers' verdicts for training and measuring."""

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from api.cli.output import err
from core.errors import InvalidInput

app = typer.Typer(help="What officers and crews said of finds.")


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="File to write.", dir_okay=False)],
    format: Annotated[Literal["coco", "csv"], typer.Option(help="COCO JSON or CSV.")] = "coco",
    detector: Annotated[str | None, typer.Option(help="Only of one, such as change.")] = None,
    event_type: Annotated[str | None, typer.Option(help="Only of one, such as 02-02.")] = None,
) -> None:
    """Write all labels of this machine's records, with the boxes in their photographs.

    Withdrawn verdicts are left out.
    """
    from api.settings import load
    from missions.access import LOCAL_OPERATOR
    from missions.media.coco import coco, table
    from missions.media.labels import Labels
    from missions.presets import load as load_preset
    from missions.store import open_store

    settings = load()
    records = open_store(settings.database)
    try:
        desk = Labels(records, load_preset(settings.preset))
        asked = {"detector": detector, "event_type": event_type}
        labels, media = desk.export(LOCAL_OPERATOR, **asked)
    finally:
        records.close()
    if format == "coco":
        text = json.dumps(coco(labels, media, desk.preset), ensure_ascii=False, indent=1)
    else:
        text = table(labels, media)
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidInput(
            f"cannot write: {error.strerror}", where=str(file), remedy="choose another file"
        ) from error
    err.print(f"{len(labels)} labels in {len(media)} photographs: {file}", markup=False)
