"""Checks a file for the province without any service: signature, digests, schema, counts, order."""

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from imagery.evidence.verify import Verdict, verify
from missions.exchange.record import CRS, FORMAT, VERSION, schema
from missions.exchange.shape import faults

MOST_FAULTS = 100
LONGEST_LINE = 1 << 20
"""Octets; a case with a thousand steps has a tenth of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check found; ``verdict`` tells of signature and digests, with all faults."""

    verdict: Verdict
    lines: int
    upserts: int
    deletes: int
    manifest: dict[str, Any]


def check_file(path: Path, public_pem: str | None = None) -> Checked:
    """Check a file; see `imagery.evidence.verify.verify` for what it raises.

    Lines are checked against the schema that FlyOnce ships, which the one in the file must equal.
    """
    verdict = verify(path, public_pem)
    empty = Checked(verdict=verdict, lines=0, upserts=0, deletes=0, manifest={})
    if verdict.faults:
        return empty
    with zipfile.ZipFile(path) as file:
        names = {n.partition("/")[2]: n for n in file.namelist()}
        wanted = ("data/manifest.json", "data/case.schema.json", "data/cases.jsonl")
        missing = [name for name in wanted if name not in names]
        if missing:
            return _with(
                empty, [f"{name} is missing: no file for the province" for name in missing]
            )
        return _Content(file, names, empty).run()


class _Content:
    """The content of a file whose bag was found sound."""

    def __init__(self, file: zipfile.ZipFile, names: dict[str, str], empty: Checked) -> None:
        self._file, self._names, self._empty = file, names, empty
        self._counts = {"upsert": 0, "delete": 0}
        self._faults: list[str] = []

    def run(self) -> Checked:
        manifest = self._json("data/manifest.json")
        if self._json("data/case.schema.json") != schema():
            self._faults.append("case.schema.json: not the schema of this version")
        lines = self._check_lines()
        self._check_manifest(manifest if isinstance(manifest, dict) else {}, lines)
        done = replace(
            self._empty,
            lines=lines,
            upserts=self._counts["upsert"],
            deletes=self._counts["delete"],
            manifest=manifest if isinstance(manifest, dict) else {},
        )
        return _with(done, self._faults)

    def _json(self, name: str) -> Any:
        with self._file.open(self._names[name]) as raw:
            try:
                return json.loads(raw.read(LONGEST_LINE))
            except (ValueError, RecursionError) as why:
                self._faults.append(f"{name}: no JSON ({why})")
                return None

    def _check_lines(self) -> int:
        form, last, number = schema(), "", 0
        for number, text in enumerate(self._lines(), 1):
            if len(self._faults) >= MOST_FAULTS:
                break
            try:
                value = json.loads(text)
            except (ValueError, RecursionError) as why:
                self._faults.append(f"cases.jsonl:{number}: no JSON ({why})")
                continue
            wrong = list(faults(value, form))
            self._faults += [f"cases.jsonl:{number}: {fault}" for fault in wrong[:5]]
            if wrong:
                continue
            if value["changed_at"] < last:
                self._faults.append(f"cases.jsonl:{number}: older than the line before")
            last = value["changed_at"]
            self._counts[value["op"]] += 1
        return number

    def _lines(self) -> Iterator[bytes]:
        with self._file.open(self._names["data/cases.jsonl"]) as raw:
            while text := raw.readline(LONGEST_LINE):
                yield text

    def _check_manifest(self, manifest: dict[str, Any], lines: int) -> None:
        wanted = {
            "format": FORMAT,
            "version": VERSION,
            "lines": lines,
            "upserts": self._counts["upsert"],
            "deletes": self._counts["delete"],
            "crs": CRS,
        }
        if self._empty.verdict.key:
            wanted["signing_key_sha256"] = self._empty.verdict.key
        for name, value in wanted.items():
            if manifest.get(name) != value:
                self._faults.append(
                    f"manifest.json: {name} is {str(manifest.get(name))[:80]}, not {value}"
                )


def _with(checked: Checked, found: list[str]) -> Checked:
    verdict = checked.verdict
    return replace(checked, verdict=replace(verdict, faults=(*verdict.faults, *found)))
