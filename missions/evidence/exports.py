"""Evidence goes out as a signed bundle that anybody can check (`imagery.evidence.bag`).

Who asked, for whom and why is noted in the chain of custody of every medium before the first byte
is written, so that the bundle itself tells of its own export.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from core.errors import FlyOnceError, InvalidInput, NotAllowed, NotFound, Unavailable
from core.ids import new_id
from imagery.catalog import Medium, MediumState
from imagery.evidence.bag import Bag
from imagery.evidence.signature import Signer, fingerprint
from missions.access import Principal
from missions.entities import Case
from missions.evidence import guide
from missions.evidence.custody import Custody, Note, chain_head, software
from missions.evidence.privacy import owns
from missions.evidence.records import Act
from missions.evidence.showing import Showing
from missions.evidence.sidecar import (
    as_json,
    custody_lines,
    media_of,
    sidecar,
    story,
    temperatures,
)
from missions.media.desk import Desk
from missions.operations.journal import note
from missions.store.seal import head

MOST_MEDIA = 5000
_EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/tiff": "tif"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOrder:
    """What somebody wants exported.

    Attributes:
        case: number or id of a case, for all its media; "" for ``media`` alone.
        recipient: who gets it, as a sentence names them; department: their code if they are one.
        originals: True for originals; False for protected copies; None for originals where they
            stay in the owning department, and copies for everybody else.
        legal_basis: on what ground originals leave their department; needed for that.
    """

    case: str = ""
    media: tuple[str, ...] = ()
    recipient: str
    department: str = ""
    reason: str
    originals: bool | None = None
    legal_basis: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was exported; ``digest`` is the SHA-256 of the bundle's tag manifest."""

    id: str
    name: str
    media: int
    originals: int
    copies: int
    left_out: int
    digest: str


class Exports:
    """Writes bundles."""

    def __init__(self, desk: Desk, showing: Showing) -> None:
        self._desk = desk
        self._showing = showing

    def key(self) -> tuple[str, str]:
        """The public key as PEM and its fingerprint; the key is made at first use.

        Raises:
            Unavailable: the key's file is exposed or broken.
        """
        pem = Signer.of(self._desk.key_file).public_pem
        return pem, fingerprint(pem)

    def write(self, p: Principal, order: ExportOrder, out: IO[bytes]) -> Exported:
        """Write a bundle into a file.

        Raises:
            InvalidInput: nobody or no reason is named, nothing is chosen, or too much.
            NotFound: no such case or medium for this caller.
            NotAllowed: the role may not, or the originals are not the caller's.
            Unavailable: a file is missing or no longer has its digest: nothing false goes out.
        """
        p.require("decide")
        _check_words(order)
        case, media = self._chosen(p, order)
        as_original = {m.id: _as_original(p, order, m) for m in media}
        signer = Signer.of(self._desk.key_file)
        export_id = self._note_order(p, order, media, as_original)
        try:
            return self._write(export_id, order, case, media, as_original, signer, out, p)
        except FlyOnceError as why:
            self._note_failure(p, export_id, why)
            raise

    def _chosen(self, p: Principal, order: ExportOrder) -> tuple[Case | None, list[Medium]]:
        with self._desk.view() as unit:
            case, wanted = None, order.media
            if order.case:
                found = unit.cases.find(number=order.case) or unit.cases.find(id=order.case)
                if not found:
                    raise NotFound("no such case", where=order.case[:80])
                case = p.checked(found[0])
                wanted = (*media_of(unit, found[0]), *order.media)
            ids = tuple(dict.fromkeys(wanted))
            if not 1 <= len(ids) <= MOST_MEDIA:
                raise InvalidInput(
                    f"{len(ids)} photographs",
                    where="media",
                    remedy=f"name a case with photographs, or 1 to {MOST_MEDIA} of them",
                )
            # of a case, what the caller may not see is left out; what is named must be seen
            named = frozenset(order.media)
            media = [unit.media.get(i) for i in ids]
            return case, [p.checked(m) for m in media if m.id in named or p.sees(m)]

    def _note_order(
        self, p: Principal, order: ExportOrder, media: list[Medium], originals: dict[str, bool]
    ) -> str:
        now = self._desk.now()
        export_id = new_id("exp", now)
        detail = {
            "bundle": export_id,
            "to": order.recipient,
            "department": order.department,
            "reason": order.reason,
            "legal_basis": order.legal_basis,
        }
        detail = {name: value for name, value in detail.items() if value}

        def one(medium: Medium) -> Note:
            form = "original" if originals[medium.id] else "protected copy"
            return Note(
                medium_id=medium.id,
                what=Act.EXPORTED,
                by=p.name,
                at=now,
                detail={**detail, "form": form},
            )

        with self._desk.unit() as unit:
            Custody(unit).note_all(one(medium) for medium in media)
            text = f"{export_id}: {len(media)} media to {order.recipient}: {order.reason}"
            zh = f"{export_id}：向{order.recipient}导出 {len(media)} 个影像：{order.reason}"
            note(unit, now, order.case or export_id, "export-evidence", text, zh, p.name)
        return export_id

    def _note_failure(self, p: Principal, export_id: str, why: FlyOnceError) -> None:
        with self._desk.unit() as unit:
            text, zh = f"{export_id} was not completed: {why}", f"{export_id} 未完成：{why}"
            note(unit, self._desk.now(), export_id, "export-evidence", text, zh, p.name)

    def _write(
        self,
        export_id: str,
        order: ExportOrder,
        case: Case | None,
        media: list[Medium],
        as_original: dict[str, bool],
        signer: Signer,
        out: IO[bytes],
        p: Principal,
    ) -> Exported:
        now = self._desk.now()
        name = f"flyonce-evidence-{case.number if case else export_id}"
        with Bag(out, name, now) as bag:
            forms = [self._put(bag, medium, original=as_original[medium.id]) for medium in media]
            heads = self._put_records(bag, case, media)
            key = fingerprint(signer.public_pem)
            bag.tag("README.txt", guide.readme(name, key))
            info = {
                "Source-Organization": self._desk.preset.title,
                "Bagging-Date": now.date().isoformat(),
                "Bagging-Software": software(),
                "External-Identifier": export_id,
                "Exported-At": now.isoformat(),
                "Exported-By": p.name,
                "Exported-For": order.recipient,
                "Exported-Because": order.reason,
                "Legal-Basis": order.legal_basis,
                "Case-Number": case.number if case else "",
                **heads,
                "Signing-Key-SHA256": key,
            }
            digest = bag.finish(info, signer)
        return Exported(
            id=export_id,
            name=f"{name}.zip",
            media=len(media),
            originals=forms.count("original"),
            copies=forms.count("copy"),
            left_out=forms.count("none"),
            digest=digest,
        )

    def _put_records(self, bag: Bag, case: Case | None, media: list[Medium]) -> dict[str, str]:
        """The chains of custody and the case's story; returns where both trails end."""
        with self._desk.view() as unit:
            for medium in media:
                lines = custody_lines(unit, medium.id)
                bag.add(f"custody/{medium.id}.jsonl", (lines,), packed=True)
            if case is not None:
                bag.add("case.json", (as_json(story(unit, case)),), packed=True)
            trail, chain = head(unit.settings), chain_head(unit)
        return {
            "Audit-Trail-Head": f"{trail.count}:{trail.seal}",
            "Custody-Head": f"{chain.position}:{chain.seal}",
        }

    def _put(self, bag: Bag, medium: Medium, *, original: bool) -> str:
        """One medium with its sidecar; returns in which form it went."""
        extra: dict[str, Any] = {"form": "original" if original else "protected copy"}
        form = "original" if original else "copy"
        if medium.state is MediumState.DELETED:
            form, extra["why_none"] = "none", "the file was deleted; see its custody"
        elif original:
            extension = _EXTENSIONS.get(medium.media_type, "bin")
            bag.add(f"originals/{medium.id}.{extension}", self._checked(medium))
        else:
            form = self._put_copy(bag, medium, extra)
        if medium.radiometric and form != "none":
            data = self._desk.media.open(medium.key)
            extra["temperatures"] = self._desk.pool.submit(temperatures, data).result()
        bag.add(f"sidecars/{medium.id}.json", (as_json(sidecar(medium, extra)),), packed=True)
        return form

    def _put_copy(self, bag: Bag, medium: Medium, extra: dict[str, Any]) -> str:
        try:
            copy = self._showing.made(medium)
        except (NotAllowed, InvalidInput) as why:  # the rest of the bundle is still of use
            extra["why_none"] = str(why)
            return "none"
        bag.add(f"copies/{medium.id}.jpg", (copy.data,))
        extra["copy"] = {"method": copy.method, "filled_places": copy.filled}
        return "copy"

    def _checked(self, medium: Medium) -> Iterator[bytes]:
        """The original's blocks; at the end its digest must be the recorded one."""
        digest = hashlib.sha256()
        for block in self._desk.media.blocks(medium.key):
            digest.update(block)
            yield block
        if digest.hexdigest() != medium.sha256:
            raise Unavailable(
                "the stored file no longer has the digest that was recorded: it was altered",
                where=medium.id,
                remedy="run 'flyonce evidence check', and restore the media folder from a backup",
            )


def _check_words(order: ExportOrder) -> None:
    for name in ("recipient", "reason"):
        if not getattr(order, name).strip():
            raise InvalidInput(
                f"an export needs a {name}",
                where=name,
                remedy="say who gets it and why: both are recorded for good",
            )


def _as_original(p: Principal, order: ExportOrder, medium: Medium) -> bool:
    """Whether the original goes into the bundle.

    Raises:
        NotAllowed: it is not the caller's. InvalidInput: it would leave its department on no
            stated ground.
    """
    stays = order.department != "" and order.department == medium.department
    if order.originals is False or (order.originals is None and not stays):
        return False
    if not owns(p, medium):
        if order.originals is None:
            return False
        raise NotAllowed(
            "only the owning department may give originals away",
            where=medium.id,
            remedy=f"ask {medium.department or 'an administrator'}, or export protected copies",
        )
    if not stays and not order.legal_basis.strip():
        raise InvalidInput(
            "originals leave their department only on a stated legal ground",
            where="legal_basis",
            remedy="name it (an order, a law, a case number), or export protected copies",
        )
    return True
