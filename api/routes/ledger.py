"""The ledger: flown once, shared out to everybody it served."""

import csv
import io
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from api.auth import Caller, ServiceOf
from api.errors import problems
from api.routes.parameters import Id
from api.schemas.ledger import AccountOut, FlightLedgerOut

router = APIRouter(tags=["flights"])


@router.get("/flights/{id}/ledger", summary="Who owes what of a flight", responses=problems(404))
def flight_ledger(service: ServiceOf, caller: Caller, id: Id) -> FlightLedgerOut:
    """Whole metres and seconds that sum to what was flown; empty before it has landed."""
    return FlightLedgerOut.of(id, service.ledgers.of_flight(caller, id))


@router.get(
    "/ledger",
    summary="Who owes what of some days",
    response_model=AccountOut,
    responses=problems()
    | {200: {"content": {"text/csv": {}}, "description": "Totals by department."}},
)
def ledger(
    service: ServiceOf,
    caller: Caller,
    first: Annotated[date | None, Query(alias="from", description="today if left out")] = None,
    last: Annotated[date | None, Query(alias="to", description="this day counts")] = None,
    department: Annotated[str | None, Query(max_length=40)] = None,
    format: Annotated[str, Query(pattern="^(json|csv)$")] = "json",
) -> Any:
    """Exact sums: the departments' metres and seconds together are what was flown. A department
    reads its own share. `days` holds each day's plan beside what separate flights would have cost:
    a bound, and the best separate plan that was found."""
    account = AccountOut.from_entity(service.ledgers.account(caller, first, last, department))
    if format == "json":
        return account
    name = f"ledger-{account.first}-{account.last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(_csv(account), media_type="text/csv; charset=utf-8", headers=headers)


def _csv(account: AccountOut) -> str:
    """One line a department and one for all; a BOM lets spreadsheets read it as UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("department", "flights", "km", "minutes", "metres", "seconds"))
    for s in account.departments:
        writer.writerow((s.department, s.flights, s.km, s.minutes, s.metres, s.seconds))
    km, minutes = account.metres / 1000, round(account.seconds / 60, 1)
    writer.writerow(("total", "", km, minutes, account.metres, account.seconds))
    return "\ufeff" + text.getvalue()
