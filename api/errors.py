"""One table: named error -> HTTP status; every error leaves as problem+json (RFC 9457).

A problem says what is wrong (`detail`), where (`field`) and what to do about it (`remedy`).
"""

import http
import re
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import Field as PydanticField
from starlette.exceptions import HTTPException

from api.manners import naming
from api.manners.limits import TooManyRequests
from api.schemas.base import Model
from api.tus import VERSION, NotOctets, WrongVersion
from core import errors
from imagery.parts import OffsetMismatch, PartBusy
from missions.answers import KeyReused, OutcomeUnknown, StillRunning
from missions.feed.reading import Swept
from missions.identity.brakes import TooManyTries
from missions.identity.sessions import SignInRefused
from missions.media.uploads import ChecksumMismatch, TooLarge
from missions.quotas import QuotaUsedUp
from missions.versions import VersionMismatch

MEDIA_TYPE = "application/problem+json"


class Unauthenticated(errors.NotAllowed):
    """The caller did not say who it is, or its token is not known."""


class WrongBodyType(errors.InvalidInput):
    """The body's Content-Type is not what the address takes."""


class TooLongToKeep(errors.IllegalTransition):
    """What an idempotency key stands for is done, and its answer could not be kept."""


STATUS: Mapping[type[errors.FlyOnceError], int] = {
    errors.FlyOnceError: 500,
    errors.InvalidInput: 422,
    OffsetMismatch: 409,
    PartBusy: 423,
    TooLarge: 413,
    ChecksumMismatch: 460,  # as tus 1.0 has it
    WrongVersion: 412,
    NotOctets: 415,
    errors.UnreadableMedia: 422,
    errors.UnknownEncoding: 415,
    KeyReused: 422,
    StillRunning: 409,
    OutcomeUnknown: 409,
    TooLongToKeep: 409,
    VersionMismatch: 412,
    QuotaUsedUp: 403,
    TooManyRequests: 429,
    WrongBodyType: 415,
    errors.NotFound: 404,
    Swept: 410,
    errors.NotAllowed: 403,
    SignInRefused: 401,
    TooManyTries: 429,
    Unauthenticated: 401,
    errors.IllegalTransition: 409,
    errors.Unavailable: 503,
    errors.PlanRejected: 409,
    errors.VehicleError: 502,
    errors.LinkLost: 504,
    errors.CommandRefused: 409,
    errors.CommandTimeout: 504,
    errors.TransferFailed: 502,
    errors.ReadBackMismatch: 502,
    errors.NotReady: 409,
    errors.ControlHeld: 409,
    errors.PathRefused: 409,
}

MEANING: Mapping[int, str] = {
    401: "No token, or one that is not known.",
    403: "The token's role or department may not do this.",
    404: "No such thing, or none that the token's department may see.",
    409: "Not possible in the present state; `detail` says why.",
    400: "A parameter is wrong; `field` names it, `remedy` says what would be right.",
    405: "The address does not know this method; `Allow` names those that it knows.",
    406: "Asked for in a form that is not spoken here.",
    410: "What came next is no longer kept; `remedy` says how to begin anew.",
    412: "It was changed since it was read (If-Match), or the protocol's version is not spoken.",
    413: "The body is too large.",
    415: "A body of a type that is not taken here; `remedy` names the right one.",
    416: "A part of a file that there is none of.",
    421: "The service is not called so.",
    428: "A condition is missing.",
    429: "Too many requests; `Retry-After` says in how many seconds the next one fits.",
    500: "The service made a mistake; its log, under `instance`, says which.",
    423: "Somebody else is at it now; try again.",
    460: "The bytes do not have the checksum that was given.",
    422: "A field is missing or wrong; `field` names it, `remedy` says what would be right.",
    502: "The vehicle did not do what it was told.",
    503: "Something that the service needs is missing: disk space, a link.",
    504: "The vehicle did not answer in time.",
}


MOST_TOLD = 50
"""Wrong fields that one answer names; a body may have 100,000."""


class FieldError(Model):
    """One wrong field."""

    field: str
    detail: str


class Problem(Model):
    """An error as RFC 9457 wants it."""

    type: str
    title: str
    status: int
    detail: str
    instance: str | None = PydanticField(
        default=None,
        description="names this one answer, as X-Request-Id and the service's log do",
        examples=["urn:flyonce:request:5c1f0a92d5a34e6b"],
    )
    field: str | None = None
    remedy: str | None = None
    errors: list[FieldError] | None = None


def status_of(error: errors.FlyOnceError) -> int:
    """The status of the nearest class in the table."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors of an endpoint for its OpenAPI description; 401 and 422 are always among them."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {"description": MEANING[status], "content": {MEDIA_TYPE: schema}}
        for status in sorted({401, 422, *statuses})
    }


def respond(problem: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """A problem as a response; it gets the name of the request that is being answered."""
    name = naming.current()
    if name is not None and problem.instance is None:
        problem = problem.model_copy(update={"instance": f"urn:flyonce:request:{name}"})
    return JSONResponse(
        problem.model_dump(exclude_none=True),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=dict(headers or {}),
    )


def problem_of(error: errors.FlyOnceError) -> Problem:
    """A named error as a problem."""
    words = re.sub(r"(?<!^)(?=[A-Z])", " ", type(error).__name__).lower()
    return Problem(
        type=f"urn:flyonce:{words.replace(' ', '-')}",
        title=words.capitalize(),
        status=status_of(error),
        detail=error.what,
        field=error.where,
        remedy=error.remedy,
    )


def plain(
    status: int, detail: str, *, field: str | None = None, remedy: str | None = None
) -> Problem:
    """A problem that has no named error of its own."""
    title = http.HTTPStatus(status).phrase
    kind = title.lower().replace(" ", "-").replace("'", "")
    return Problem(
        type=f"urn:flyonce:{kind}",
        title=title,
        status=status,
        detail=detail,
        field=field,
        remedy=remedy,
    )


def _path(location: tuple[int | str, ...]) -> str:
    """Where a field is: `geometry.coordinates.0`, `?limit`, `X-Vehicle`."""
    place, *rest = location
    name = ".".join(str(part) for part in rest)
    return f"?{name}" if place == "query" else name or str(place)


async def _named(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, errors.FlyOnceError)  # noqa: S101 - registered for this class
    headers = {"WWW-Authenticate": "Bearer"} if isinstance(error, Unauthenticated) else None
    if isinstance(error, TooManyRequests):
        headers = {"Retry-After": str(error.retry_after_s)}
    if isinstance(error, TooManyTries):
        headers = {"Retry-After": str(error.wait_s)}
    if isinstance(error, WrongVersion):
        headers = {"Tus-Version": VERSION}
    return respond(problem_of(error), headers)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    told = error.errors()[:MOST_TOLD]
    found = [FieldError(field=_path(e["loc"]), detail=e["msg"]) for e in told]
    first = found[0]
    return respond(
        Problem(
            type="urn:flyonce:invalid-input",
            title="Invalid input",
            status=422,
            detail=first.detail,
            field=first.field,
            remedy=f"correct {first.field} and send it again; /docs says what each field holds",
            errors=found if len(found) > 1 else None,
        )
    )


async def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    if error.status_code == 400:  # how FastAPI says that JSON cannot be read: too deep, not UTF-8
        unreadable = errors.InvalidInput(error.detail, where="body", remedy="send plain JSON")
        return respond(problem_of(unreadable))
    remedy = {
        404: "see /docs for the addresses there are",
        405: "use one of the methods that the Allow header names; /docs says what they do",
        413: "send less, or raise the limit (FLYONCE_BODY_MAX_KB, FLYONCE_MEDIA_MAX_MB)",
    }.get(error.status_code, "see /docs")
    field = {405: "method", 413: "body"}.get(error.status_code)
    return respond(
        plain(error.status_code, error.detail, field=field, remedy=remedy), error.headers
    )


async def _unexpected(_request: Request, _error: Exception) -> JSONResponse:
    name = naming.current()
    return respond(
        plain(
            500,
            "the service made a mistake; its log says which",
            remedy="report it with the log and the name in `instance`",
        ),
        {"X-Request-Id": name, "Cache-Control": "no-store"} if name else None,
    )


def install(app: FastAPI) -> None:
    """Answer every error of the application as a problem."""
    app.add_exception_handler(errors.FlyOnceError, _named)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)
