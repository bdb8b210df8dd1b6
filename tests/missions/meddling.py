"""Writing past the program, straight into a store's database, whichever it is."""

from pathlib import Path

from sqlalchemy import create_engine, text

from missions.store import sql


def meddle(path: Path, *statements: str) -> None:
    """Run SQL on the database that a store keeps at a path, in one transaction."""
    engine = create_engine(sql._parsed(path))
    try:
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement.replace(":", r"\:")))
    finally:
        engine.dispose()
