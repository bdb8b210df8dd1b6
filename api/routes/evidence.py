"""Evidence: chains of custody, signed exports, legal holds and retention."""

from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import IO, Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from api.auth import Caller, Officer, ServiceOf
from api.errors import problems
from api.routes.parameters import After, Id, Limit
from api.schemas.base import Items
from api.schemas.evidence import (
    CustodyOut,
    DueOut,
    ExportIn,
    HoldIn,
    HoldOut,
    KeyOut,
    RetentionOut,
    RuleOut,
)

router = APIRouter(tags=["evidence"])

_IN_MEMORY = 8 * 1024 * 1024
"""A bundle larger than this is written to a temporary file before it is sent."""
_BLOCK = 256 * 1024


@router.get(
    "/evidence/key", summary="The key that bundles are signed with", responses=problems(503)
)
def evidence_key(service: ServiceOf) -> KeyOut:
    """Public, without a token: whoever checks a bundle compares its key with this one."""
    pem, fingerprint = service.evidence.key()
    return KeyOut(public_key=pem, sha256=fingerprint)


@router.post(
    "/evidence/exports",
    summary="Export evidence",
    response_class=StreamingResponse,
    responses=problems(403, 404, 503)
    | {200: {"content": {"application/zip": {}}, "description": "A signed bag (BagIt, zip)."}},
)
def export_evidence(body: ExportIn, service: ServiceOf, caller: Officer) -> StreamingResponse:
    """A case or photographs with custody and signature, to be checked by anybody.

    Originals for the owning department, or on a stated legal ground; protected copies for others.
    """
    file: IO[bytes] = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed when it was sent
    try:
        made = service.evidence.export(caller, body.order(), file)
    except BaseException:
        file.close()
        raise
    size = file.tell()
    file.seek(0)
    headers = {
        "Content-Disposition": f'attachment; filename="{made.name}"',
        "Content-Length": str(size),
        "Content-Encoding": "identity",  # a zip is packed already
        "Cache-Control": "no-store",
        "X-Export": made.id,
    }
    return StreamingResponse(_blocks(file), media_type="application/zip", headers=headers)


@router.get("/media/{id}/custody", summary="A photograph's custody", responses=problems(403, 404))
def custody(service: ServiceOf, caller: Caller, id: Id) -> Items[CustodyOut]:
    """Who had it and what was done with it, for the owning department and city-wide roles."""
    records = service.evidence.custody(caller, id)
    return Items(items=[CustodyOut.from_record(record) for record in records])


@router.get("/holds", summary="Legal holds", responses=problems())
def holds(service: ServiceOf, caller: Caller) -> Items[HoldOut]:
    """Those of the caller's department, lifted ones too."""
    return Items(items=[HoldOut.from_entity(hold) for hold in service.evidence.holds(caller)])


@router.post("/holds", summary="Hold evidence", status_code=201, responses=problems(403, 404))
def place_hold(body: HoldIn, service: ServiceOf, caller: Officer) -> HoldOut:
    """Nothing of the photograph or case is deleted until the hold is lifted."""
    return HoldOut.from_entity(service.evidence.hold(caller, body.subject, body.reason))


@router.delete("/holds/{id}", summary="Lift a hold", responses=problems(403, 404, 409))
def lift_hold(id: Id, service: ServiceOf, caller: Officer) -> HoldOut:
    """From now on retention's rules count again."""
    return HoldOut.from_entity(service.evidence.lift(caller, id))


@router.get("/retention", summary="What will be deleted when", responses=problems())
def retention(
    service: ServiceOf,
    caller: Caller,
    days: Annotated[float, Query(ge=0, le=36525, description="How far to look ahead.")] = 30,
    after: After = None,
    limit: Limit = 100,
) -> RetentionOut:
    """The rules by scenario, and the caller's photographs that fall due, with what holds them."""
    page = service.evidence.due(caller, days=days, after=after, limit=limit)
    rules = service.evidence.retention.rules.rules.values()
    return RetentionOut(
        rules=[RuleOut.from_rule(rule) for rule in rules],
        items=[DueOut.from_due(due) for due in page.items],
        next=page.next,
    )


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while block := file.read(_BLOCK):
            yield block
