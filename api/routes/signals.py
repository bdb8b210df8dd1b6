"""The one way in for sensor readings, citizens' reports and other systems' AI finds."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.auth import Caller, Configurer, Officer, ServiceOf, Signaller
from api.errors import problems
from api.routes.parameters import After, Id, Limit
from api.schemas import signals as schemas
from api.schemas.base import Items, PageOf
from missions.signals.model import DeviceState, SignalState, Source

router = APIRouter(tags=["signals"])

Word = Annotated[str | None, Query(max_length=80)]


@router.post("/signals", summary="Send", responses=problems(403, 404, 409, 503))
def send_signal(service: ServiceOf, caller: Signaller, body: schemas.IntakeIn) -> schemas.IntakeOut:
    """Readings are answered one by one where they are not taken; sent again they count once. A
    report or a find becomes a signal: follow it with GET /signals/{id}."""
    desk = service.signals
    if body.report is not None:
        view = desk.report(caller, body.report.draft())
        return schemas.IntakeOut(signal=schemas.SignalOut.from_view(view))
    if body.find is not None:
        view = desk.find(caller, body.find.draft())
        return schemas.IntakeOut(signal=schemas.SignalOut.from_view(view))
    answer = desk.send(caller, body.readings or [])
    return schemas.IntakeOut(batch=schemas.BatchAnswerOut.from_value(answer))


@router.get("/signals", summary="Signals", responses=problems())
def signals(
    service: ServiceOf,
    caller: Caller,
    state: SignalState | None = None,
    source: Source | None = None,
    event_type: Word = None,
    device: Word = None,
    county: Word = None,
    after: After = None,
    limit: Limit = 100,
) -> PageOf[schemas.SignalOut]:
    """What crossed a rule, was reported or found, the latest first."""
    page = service.signals.list(
        caller,
        state=state,
        source=source,
        matter=event_type,
        device=device,
        county=county,
        after=after,
        limit=limit,
    )
    return PageOf.of(page.items, page.next, schemas.SignalOut.from_view)


@router.get("/signals/rules", summary="What may be sent", responses=problems())
def signal_rules(service: ServiceOf, _caller: Caller) -> schemas.RulesOut:
    """Kinds of sensor with their rules, categories of reports, labels of finds."""
    return schemas.RulesOut.from_value(service.preset.signals)


@router.get("/signals/{id}", summary="A signal", responses=problems(404))
def signal(service: ServiceOf, caller: Caller, id: Id) -> schemas.SignalOut:
    """Which flight and when, what it is one with, what was found, or why nobody flies."""
    return schemas.SignalOut.from_view(service.signals.get(caller, id))


@router.get("/signals/{id}/readings", summary="Readings round a crossing", responses=problems(404))
def signal_readings(service: ServiceOf, caller: Caller, id: Id) -> schemas.TraceOut:
    """The evidence of a warning: every reading before and after it."""
    return schemas.TraceOut.from_entity(service.signals.trace(caller, id))


@router.get("/signals/{id}/contact", summary="Who reported", responses=problems(404, 503))
def signal_contact(service: ServiceOf, caller: Caller, id: Id) -> schemas.ContactOut:
    """For the own department alone; every reading of it is in the audit trail."""
    return schemas.ContactOut.from_entity(service.signals.contacts.read(caller, id))


@router.post(
    "/signals/{id}/dismiss",
    summary="Nobody needs to look",
    responses=problems(403, 404, 409, 503),
)
def dismiss_signal(
    service: ServiceOf, caller: Officer, id: Id, body: schemas.DismissIn
) -> schemas.SignalOut:
    """An officer's word, with the reason; a look that has not begun is withdrawn."""
    return schemas.SignalOut.from_view(service.signals.dismiss(caller, id, body.note))


@router.get("/devices", summary="Devices", responses=problems())
def devices(
    service: ServiceOf,
    caller: Caller,
    kind: Word = None,
    state: DeviceState | None = None,
    county: Word = None,
    after: After = None,
    limit: Limit = 100,
) -> PageOf[schemas.DeviceOut]:
    """Sensors of the caller's department with their last readings."""
    page = service.signals.devices.list(
        caller, kind=kind, state=state, county=county, after=after, limit=limit
    )
    return PageOf.of(page.items, page.next, schemas.DeviceOut.from_view)


@router.post("/devices", summary="Register devices", responses=problems(403, 409, 503))
def register_devices(
    service: ServiceOf, caller: Configurer, body: schemas.DevicesIn
) -> schemas.RegisteredOut:
    """Register or change; a bad one is refused by itself, the others are taken."""
    drafts = [device.draft() for device in body.devices]
    return schemas.RegisteredOut.of(service.signals.devices.register(caller, drafts))


@router.get("/devices/{id}", summary="A device", responses=problems(404))
def device(service: ServiceOf, caller: Caller, id: Id) -> schemas.DeviceOut:
    """With its last reading and the rules that it has crossed."""
    return schemas.DeviceOut.from_view(service.signals.devices.get(caller, id))


@router.patch(
    "/devices/{id}", summary="Into or out of service", responses=problems(403, 404, 409, 503)
)
def set_device_state(
    service: ServiceOf, caller: Configurer, id: Id, body: schemas.DeviceStateIn
) -> schemas.DeviceOut:
    """While a device is calibrated or out of service its readings are set aside."""
    view = service.signals.devices.set_state(caller, id, body.state, body.note)
    return schemas.DeviceOut.from_view(view)


@router.get("/devices/{id}/history", summary="A device's hours", responses=problems(404))
def device_history(
    service: ServiceOf,
    caller: Caller,
    id: Id,
    days: Annotated[int, Query(ge=1, le=366)] = 7,
) -> Items[schemas.HourOut]:
    """Count, mean, lowest and highest reading of each hour."""
    hours = service.signals.devices.history(caller, id, days=days)
    return Items(items=[schemas.HourOut.of(begin, hour) for begin, hour in hours])
