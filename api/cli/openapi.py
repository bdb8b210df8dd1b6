"""`flyonce openapi`: the document that describes the HTTP API."""

import json
from pathlib import Path
from typing import Annotated

import typer

from api.cli.output import err, out


def openapi(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write it into this file.")
    ] = None,
) -> None:
    """Print the OpenAPI document; no service needs to run."""
    from api.app import document

    text = json.dumps(document(), ensure_ascii=False, indent=1) + "\n"
    if output is None:
        out.file.write(text)
        return
    output.write_text(text, encoding="utf-8")
    err.print(f"Written: {output}")
