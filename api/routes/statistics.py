"""Statistics as the city reports them."""

from dataclasses import replace
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response

from api.auth import Caller, ServiceOf
from api.errors import problems
from api.routes.cases import box
from api.schemas import statistics as schemas
from missions.statistics import export as exporting
from missions.statistics.desk import Question

router = APIRouter(tags=["statistics"])

Word = Annotated[str | None, Query(max_length=40)]
By = Literal["day", "week", "month", "department", "county", "class", "type"]
_ALL: tuple[By, ...] = ("month", "department", "county", "class", "type")


def asked(
    service: ServiceOf,
    first: Annotated[date | None, Query(alias="from", description="first day")] = None,
    last: Annotated[date | None, Query(alias="to", description="last day; or today")] = None,
    department: Word = None,
    county: Word = None,
    event_class: Annotated[
        str | None, Query(alias="class", max_length=40, description="class of events, such as 01")
    ] = None,
) -> Question:
    """What is asked, but for how it is divided."""
    return Question(
        period=service.statistics.period(first, last),
        department=department,
        county=county,
        event_class=event_class,
    )


Asked = Annotated[Question, Depends(asked)]


@router.get("/statistics", summary="Figures of a period", responses=problems(403, 404, 503))
def statistics(
    service: ServiceOf,
    caller: Caller,
    asked: Asked,
    by: Annotated[By | None, Query(description="divide the figures")] = None,
) -> schemas.StatisticsOut:
    """Of the current month so far, unless the days are given. Departments get their own figures,
    city-wide roles the city's; within the caller's counties. `before` is the comparable period:
    as many whole months, else as many days."""
    return schemas.StatisticsOut.of(service.statistics.answer(caller, replace(asked, by=by or "")))


@router.get(
    "/statistics/counties", summary="Counties and their index", responses=problems(403, 404, 503)
)
def counties(service: ServiceOf, caller: Caller, asked: Asked) -> schemas.StatisticsOut:
    """Each county's figures with its index (综合指数) and what that is made of. Weights and scales
    are the city's; what was not measured takes no part."""
    return schemas.StatisticsOut.of(service.statistics.counties(caller, asked))


@router.get(
    "/statistics/export",
    summary="Figures as a file",
    responses={
        **problems(403, 404, 503),
        200: {"content": {kind.partition(";")[0]: {} for kind in exporting.FORMATS.values()}},
    },
    response_class=Response,
)
def export(
    service: ServiceOf,
    caller: Caller,
    asked: Asked,
    form: Annotated[Literal["csv", "xlsx", "json"], Query(alias="format")] = "xlsx",
    by: Annotated[
        list[By] | None, Query(max_length=7, description="divisions; month and all dimensions")
    ] = None,
    bom: Annotated[bool, Query(description="CSV for Excel: begin with a byte order mark")] = False,
) -> Response:
    """One file with every division: sheets of a workbook, or rows of one table."""
    answers = service.statistics.divided(caller, asked, by or _ALL)
    name = f"statistics-{asked.period.first}-{asked.period.last}.{form}"
    return Response(
        exporting.written(answers, form, bom=bom),
        media_type=exporting.FORMATS[form],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@router.get("/cases/map", summary="Many cases on a map", responses=problems())
def case_map(
    service: ServiceOf,
    caller: Caller,
    bbox: Annotated[
        str,
        Query(max_length=200, description="west,south,east,north", examples=["118,28,119.5,30"]),
    ],
    zoom: Annotated[int, Query(ge=0, le=24, description="of the web map, tiles of 256 dots")] = 10,
    state: Annotated[Literal["open", "closed", "all"], Query()] = "open",
) -> schemas.CaseMapOut:
    """GeoJSON: clusters with their number where there are many cases, single cases where there are
    at most 300. Cases of the caller's department and those shared with it."""
    return schemas.CaseMapOut.of(service.case_map.show(caller, box(bbox), zoom, state))
