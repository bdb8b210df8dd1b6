"""A whole check of a bundle: bag and signature, and the chains of custody within it."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

from imagery.evidence.verify import MOST_TAG_BYTES, Verdict, verify
from missions.evidence.chain import broken_links


def check_bundle(path: Path, public_pem: str | None = None) -> Verdict:
    """Check a bundle without any service or database; see `imagery.evidence.verify.verify`."""
    verdict = verify(path, public_pem)
    faults = [] if verdict.faults else _chains(path)
    return replace(verdict, faults=(*verdict.faults, *faults))


def _chains(path: Path) -> list[str]:
    """What does not hold in the custody of each medium; the bag itself was found sound."""
    found: list[str] = []
    with zipfile.ZipFile(path) as file:
        for name in file.namelist():
            if "/data/custody/" not in name or file.getinfo(name).file_size > MOST_TAG_BYTES:
                continue
            try:
                records = [json.loads(line) for line in file.read(name).splitlines()]
                problems = broken_links(records)
            except (ValueError, AttributeError) as why:
                problems = [f"is no chain of custody ({why})"]
            found += [f"{name.partition('/')[2]}: {problem}" for problem in problems]
    return found
