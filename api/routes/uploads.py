"""Files that people bring: the tus 1.0.0 protocol (https://tus.io), and batches with a report.

Extensions: creation, creation-with-upload, checksum (sha1, sha256), expiration, termination.
"""

import base64
import binascii
import csv
import io
from collections.abc import Mapping
from email.utils import format_datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.auth import Caller, ServiceOf
from api.errors import problems
from api.routes.parameters import After, Id, Limit
from api.schemas.base import PageOf
from api.schemas.uploads import BatchIn, BatchOut, BatchReportOut, FileOut, UploadOut
from api.tus import (
    EXTENSIONS,
    HASHES,
    VERSION,
    NotOctets,
    WrongVersion,
    metadata_of,
    number_of,
    spoken_metadata,
)
from core.errors import InvalidInput
from missions.access import Principal
from missions.media.batches import BatchReport
from missions.media.brought import UploadState
from missions.media.uploads import FileDraft, Progress
from missions.service import Service

router = APIRouter(tags=["uploads"])
_OCTETS = "application/offset+octet-stream"
_HEADERS = {"Tus-Resumable": VERSION}


@router.options("/uploads", include_in_schema=False, status_code=204)
@router.options("/uploads/{id}", include_in_schema=False, status_code=204)
def capabilities(service: ServiceOf) -> Response:
    """The versions, extensions and the largest file, as tus clients ask for them."""
    return Response(
        status_code=204,
        headers={
            **_HEADERS,
            "Tus-Version": VERSION,
            "Tus-Extension": ",".join(EXTENSIONS),
            "Tus-Checksum-Algorithm": ",".join(HASHES),
            "Tus-Max-Size": str(service.uploads.max_bytes),
        },
    )


@router.post(
    "/uploads",
    summary="Begin an upload",
    status_code=201,
    response_class=Response,
    responses=problems(403, 404, 412, 413, 415, 460, 503),
)
async def create(request: Request, service: ServiceOf, caller: Caller) -> Response:
    """Upload-Length, and Upload-Metadata with filename, sha256, vehicle, camera, flight, batch and
    pitch. Where the declared sha256 is known, Upload-Offset is the whole length: nothing needs to
    be sent. The same file again goes on where it was."""
    _check_version(request)
    length = number_of(request.headers, "Upload-Length")
    said = metadata_of(request.headers.get("upload-metadata", ""))
    made = service.uploads.create(caller, _draft(length, said))
    if made.upload.state is UploadState.WAITING and _has_body(request) and made.offset == 0:
        made = await _append(request, service, caller, made.upload.id, 0)
    where = f"{request.url.path.rstrip('/')}/{made.upload.id}"
    return Response(status_code=201, headers={"Location": where, **_progress(made)})


@router.head(
    "/uploads/{id}",
    summary="How far an upload is",
    status_code=200,
    response_class=Response,
    responses=problems(404, 412),
)
def head(request: Request, service: ServiceOf, caller: Caller, id: Id) -> Response:
    """Upload-Offset is how many bytes are here."""
    _check_version(request)
    progress = service.uploads.progress(caller, id)
    headers = {
        "Cache-Control": "no-store",
        "Upload-Length": str(progress.upload.size_bytes),
        **_progress(progress),
    }
    described = spoken_metadata(_said(progress))
    if described:
        headers["Upload-Metadata"] = described
    return Response(status_code=200, headers=headers)


@router.get("/uploads/{id}", summary="An upload", responses=problems(404))
def upload(service: ServiceOf, caller: Caller, id: Id) -> UploadOut:
    """How far an upload is, what became of it, and why."""
    progress = service.uploads.progress(caller, id)
    return UploadOut.from_entity(progress.upload, progress.offset)


@router.patch(
    "/uploads/{id}",
    summary="Send a part of a file",
    status_code=204,
    response_class=Response,
    responses=problems(404, 409, 412, 415, 423, 460, 503),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {_OCTETS: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def patch(request: Request, service: ServiceOf, caller: Caller, id: Id) -> Response:
    """Bytes from Upload-Offset on. The last ones finish the upload: it is examined before the
    answer comes. 409 where the offset is another, 423 while another connection sends."""
    _check_version(request)
    offset = number_of(request.headers, "Upload-Offset")
    progress = await _append(request, service, caller, id, offset)
    return Response(status_code=204, headers=_progress(progress))


@router.delete(
    "/uploads/{id}",
    summary="Take an unfinished upload back",
    status_code=204,
    response_class=Response,
    responses=problems(404, 409, 412),
)
def delete(request: Request, service: ServiceOf, caller: Caller, id: Id) -> Response:
    """What had come of it is thrown away."""
    _check_version(request)
    service.uploads.withdraw(caller, id)
    return Response(status_code=204, headers=_HEADERS)


@router.post("/uploads/{id}", include_in_schema=False)
async def overridden(request: Request, service: ServiceOf, caller: Caller, id: Id) -> Response:
    """X-HTTP-Method-Override, for proxies that know only GET and POST."""
    method = request.headers.get("x-http-method-override", "").upper()
    if method == "PATCH":
        return await patch(request, service, caller, id)
    if method == "DELETE":
        return delete(request, service, caller, id)
    if method == "HEAD":
        return head(request, service, caller, id)
    raise InvalidInput(
        "POST to an upload needs X-HTTP-Method-Override: PATCH, HEAD or DELETE",
        where="X-HTTP-Method-Override",
        remedy="send PATCH itself where the network lets it pass",
    )


# --- batches -------------------------------------------------------------------------------


@router.post(
    "/batches", summary="Begin a batch", status_code=201, responses=problems(403, 404, 422)
)
def begin_batch(service: ServiceOf, caller: Caller, body: BatchIn) -> BatchOut:
    """Files that are brought together; name it in the metadata of their uploads."""
    return BatchOut.from_entity(service.batches.create(caller, body.draft()))


@router.get("/batches", summary="Batches", responses=problems())
def batches(
    service: ServiceOf, caller: Caller, after: After = None, limit: Limit = 100
) -> PageOf[BatchOut]:
    """Batches of the caller's department, the latest first."""
    page = service.batches.list(caller, after=after, limit=limit)
    return PageOf.of(page.items, page.next, BatchOut.from_entity)


@router.get(
    "/batches/{id}",
    summary="What became of a batch",
    response_model=BatchReportOut,
    responses=problems(404) | {200: {"content": {"text/csv": {}}, "description": "The report."}},
)
def batch(
    service: ServiceOf,
    caller: Caller,
    id: Id,
    format: Annotated[str, Query(pattern="^(json|csv)$")] = "json",
) -> Any:
    """Every file: taken, known, dropped and why, waiting; as JSON, or CSV to download."""
    report = service.batches.report(caller, id)
    if format == "json":
        return BatchReportOut.from_entity(report)
    name = f'attachment; filename="{id}.csv"'
    headers = {"Content-Disposition": name}
    return Response(_csv(report), media_type="text/csv; charset=utf-8", headers=headers)


def _csv(report: BatchReport) -> str:
    """One line a file; a BOM lets spreadsheets read Chinese names."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(FileOut.model_fields)
    for file in report.files:
        row = FileOut.from_entity(file).model_dump(mode="json")
        row["notes"] = " | ".join(row["notes"])
        writer.writerow([_cell(value) for value in row.values()])
    return "\ufeff" + text.getvalue()


def _cell(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value[:1] in "=+-@\t\r":
        return "'" + value
    return "" if value is None else value


# --- tus -----------------------------------------------------------------------------------


async def _append(
    request: Request, service: Service, caller: Principal, id: str, offset: int
) -> Progress:
    if request.headers.get("content-type", "").partition(";")[0].strip() != _OCTETS:
        raise NotOctets(
            "the body must be application/offset+octet-stream",
            where="Content-Type",
            remedy="set the header; tus clients do",
        )
    return await service.uploads.append(
        caller, id, offset, request.stream(), _checksum(request.headers.get("upload-checksum"))
    )


def _check_version(request: Request) -> None:
    spoken = request.headers.get("tus-resumable")
    if spoken != VERSION:
        raise WrongVersion(
            f"tus {spoken or 'without a version'} is not spoken here",
            where="Tus-Resumable",
            remedy=f"send 'Tus-Resumable: {VERSION}'",
        )


def _has_body(request: Request) -> bool:
    length = request.headers.get("content-length", "")
    return length not in {"", "0"} or "transfer-encoding" in request.headers


def _checksum(header: str | None) -> tuple[str, bytes] | None:
    if header is None:
        return None
    name, _, text = header.partition(" ")
    if name not in HASHES:
        raise InvalidInput(
            f"no such checksum: {name[:40]}",
            where="Upload-Checksum",
            remedy=f"use one of {', '.join(HASHES)}",
        )
    try:
        return name, base64.b64decode(text.strip(), validate=True)
    except binascii.Error as error:
        raise InvalidInput(
            "the checksum is no base64", where="Upload-Checksum", remedy="send 'sha256 BASE64'"
        ) from error


def _draft(length: int, said: Mapping[str, str]) -> FileDraft:
    return FileDraft(
        size_bytes=length,
        name=said.get("filename", "")[:255],
        sha256=said.get("sha256", ""),
        vehicle=said.get("vehicle", "")[:80],
        camera=said.get("camera", "")[:80],
        flight=said.get("flight", "")[:80],
        batch=said.get("batch", "")[:80],
        pitch_deg=_pitch(said.get("pitch", "")),
    )


def _pitch(text: str) -> float | None:
    if not text.strip():
        return None
    try:
        pitch = float(text)
    except ValueError:
        pitch = float("nan")
    if not -90.0 <= pitch <= 30.0:
        raise InvalidInput(
            f"{text[:40]!r} is no pitch",
            where="Upload-Metadata pitch",
            remedy="give degrees from -90 (straight down) to 30, or leave it out",
        )
    return pitch


def _said(progress: Progress) -> dict[str, str]:
    """What the sender said, and what became of the file."""
    u = progress.upload
    said = {
        "filename": u.name,
        "sha256": u.sha256,
        "vehicle": u.vehicle,
        "camera": u.camera,
        "flight": u.flight,
        "batch": u.batch,
        "state": u.state,
        "reason": u.reason,
        "medium": u.medium_id or "",
    }
    return {name: value for name, value in said.items() if value}


def _progress(progress: Progress) -> dict[str, str]:
    headers = {**_HEADERS, "Upload-Offset": str(progress.offset)}
    if progress.upload.state is UploadState.WAITING:
        headers["Upload-Expires"] = format_datetime(progress.upload.expires_at, usegmt=True)
    else:
        headers["FlyOnce-State"] = progress.upload.state
        if progress.upload.medium_id:
            headers["FlyOnce-Medium"] = progress.upload.medium_id
    return headers
