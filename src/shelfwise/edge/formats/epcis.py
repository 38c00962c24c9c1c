"""EPCIS 2.0 in JSON: what partners say that happened to goods.

HTTP ``/v1/epcis/capture`` (a document) or ``/v1/epcis/events`` (one event), or MQTT ``epcis/<device>/<anything>``.
Each EPC of an event becomes a tag reading with what was done, where, and as which part of the event; a report of
temperature or relative humidity becomes a reading of that kind. EPCs are URIs (``urn:epc:id:...``) or Digital Links,
and are kept as told. An event is one statement of a partner: it counts whole, or goes to quarantine whole, and the
others of its document count. What makes it unique is its ``eventID``, else all that it says. An event that declares an
earlier one wrong brings nothing: a person puts right what came of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

import msgspec

from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.edge import epc, gs1
from shelfwise.edge.formats import tags
from shelfwise.edge.formats.wording import decoded
from shelfwise.edge.model import KINDS, Moment, Origin, Reading, key_by_content, key_by_id, measure, speaker, text

EXAMPLE = (
    b'{"@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", "type": "EPCISDocument", '
    b'"schemaVersion": "2.0", "creationDate": "2026-03-02T11:59:00Z", "epcisBody": {"eventList": [{'
    b'"type": "ObjectEvent", "eventID": "urn:uuid:1f3a8e5e-6f0a-4a07-9f1c-7d2f9a4b1c11", "action": "OBSERVE", '
    b'"bizStep": "shipping", "disposition": "in_transit", "eventTime": "2026-03-02T11:30:00+01:00", '
    b'"eventTimeZoneOffset": "+01:00", "readPoint": {"id": "urn:epc:id:sgln:0614141.07346.1234"}, '
    b'"epcList": ["urn:epc:id:sgtin:0614141.812345.6789", "https://id.gs1.org/00/106141412345678908"], '
    b'"sensorElementList": [{"sensorMetadata": {"time": "2026-03-02T10:25:00Z"}, '
    b'"sensorReport": [{"type": "Temperature", "value": 4.5, "uom": "CEL"}]}]}]}}'
)

TABLE: Mapping[str, str] = MappingProxyType(
    {
        "type": "`EPCISDocument`, or one event: `ObjectEvent`, `AggregationEvent`, `TransactionEvent`, "
        "`TransformationEvent`, `AssociationEvent`",
        "schemaVersion": "2.0 or a later 2.x",
        "eventTime": "when it happened, with a zone",
        "eventID": "the source key",
        "epcList": "a tag reading each: `epc`",
        "parentID, childEPCs, inputEPCList, outputEPCList": "the same, with their part in it as `role`",
        "action": "`action`: ADD, OBSERVE or DELETE",
        "bizStep, disposition": "`biz_step`, `disposition`: the last word of a URI",
        "readPoint.id, bizLocation.id": "`read_point`, `biz_location`",
        "sensorReport.type": "`Temperature` or `RelativeHumidity`; others are passed over",
        "sensorReport.value, uom": "`CEL`, `FAH`, `KEL`; `P1` for percent",
        "sensorReport.time, sensorMetadata.time": "when it was measured, else `eventTime`",
        "sensorReport.deviceID, sensorMetadata.deviceID": "`sensor`",
    }
)

_NAMESPACE = re.compile(r"^.*(?:BizStep-|Disp-|MeasurementType-|[:/])", re.DOTALL)
_ACTIONS = ("ADD", "OBSERVE", "DELETE")
# The fields of each type of event that hold EPCs, and what the EPCs are in it.
_PARTS: Mapping[str, tuple[tuple[str, str | None], ...]] = MappingProxyType(
    {
        "ObjectEvent": (("epc_list", None),),
        "AggregationEvent": (("parent_id", "parent"), ("child_epcs", "child")),
        "AssociationEvent": (("parent_id", "parent"), ("child_epcs", "child")),
        "TransactionEvent": (("parent_id", "parent"), ("epc_list", None)),
        "TransformationEvent": (("input_epc_list", "input"), ("output_epc_list", "output")),
    }
)
_SENSORS: Mapping[str, str] = MappingProxyType({"temperature": "temperature", "relativehumidity": "humidity"})
# Units by the code list that EPCIS uses (UN/CEFACT Recommendation 20), as the table of kinds calls them.
_UNITS: Mapping[str, str] = MappingProxyType({"CEL": "degC", "FAH": "degF", "KEL": "K", "P1": "%", "A62": "%"})


class _Place(msgspec.Struct):
    id: str


class _Report(msgspec.Struct, rename={"device_id": "deviceID"}):
    type: str
    value: float | None = None
    uom: str | None = None
    time: str | None = None
    device_id: str | None = None


class _Metadata(msgspec.Struct, rename={"device_id": "deviceID"}):
    time: str | None = None
    device_id: str | None = None


class _Sensor(msgspec.Struct, rename="camel"):
    sensor_report: list[_Report]
    sensor_metadata: _Metadata | None = None


_EVENT_FIELDS = {
    "event_id": "eventID", "event_time": "eventTime", "zone_offset": "eventTimeZoneOffset", "epc_list": "epcList",
    "parent_id": "parentID", "child_epcs": "childEPCs", "input_epc_list": "inputEPCList",
    "output_epc_list": "outputEPCList", "biz_step": "bizStep", "read_point": "readPoint",
    "biz_location": "bizLocation", "sensors": "sensorElementList", "declaration": "errorDeclaration",
}  # fmt: skip


class _Event(msgspec.Struct, rename=_EVENT_FIELDS):
    type: str
    event_time: str
    zone_offset: str
    event_id: str | None = None
    action: str | None = None
    biz_step: str | None = None
    disposition: str | None = None
    read_point: _Place | None = None
    biz_location: _Place | None = None
    epc_list: list[str] = []
    parent_id: str | None = None
    child_epcs: list[str] = []
    input_epc_list: list[str] = []
    output_epc_list: list[str] = []
    sensors: list[_Sensor] = []
    declaration: dict[str, Any] | None = None


class _Body(msgspec.Struct, rename="camel"):
    event_list: list[msgspec.Raw]


class _Document(msgspec.Struct, rename="camel"):
    type: str
    schema_version: str | None = None
    epcis_body: _Body | None = None


_decode = msgspec.json.Decoder(_Document).decode
_decode_event = msgspec.json.Decoder(_Event).decode


def decode(payload: bytes, origin: Origin, when: Moment) -> list[Reading]:
    """
    Raises:
        Partly: some events cannot be right.
        Invalid: none can, or it is no message of this format.
    """
    device = speaker(origin, None)
    document = decoded(_decode, payload)
    if document.type in _PARTS:
        return _of_event(msgspec.Raw(payload), device, when)
    if document.type != "EPCISDocument":
        raise Invalid(
            Fault("type", "EPCISDocument, or one of " + ", ".join(_PARTS), shorten(document.type), "Capture events.")
        )
    if document.schema_version is None or document.schema_version.split(".")[0] != "2":
        got = shorten(document.schema_version or "none")
        raise Invalid(Fault("schemaVersion", "2.0", got, "Have the partner send EPCIS 2.0 in JSON."))
    if document.epcis_body is None or not document.epcis_body.event_list:
        raise Invalid(Fault("epcisBody, eventList", "at least one event", "none", "Send none then."))
    return tags.each(
        "event", document.epcis_body.event_list, lambda part: _of_event(part, device, when), _document_of
    )  # fmt: skip


def _document_of(parts: list[msgspec.Raw]) -> bytes:
    return (
        b'{"type": "EPCISDocument", "schemaVersion": "2.0", "epcisBody": {"eventList": ' + tags.as_list(parts) + b"}}"
    )


def _of_event(part: msgspec.Raw, device: str, when: Moment) -> list[Reading]:
    event = decoded(_decode_event, bytes(part))
    if event.type not in _PARTS:
        raise Invalid(Fault("type", "one of " + ", ".join(_PARTS), shorten(event.type), "Correct the type."))
    if event.declaration is not None:
        raise Invalid(
            Fault("errorDeclaration", "something that happened", "a word that an earlier event was wrong",
                  "Put right by hand what came of that event, then drop this.")
        )  # fmt: skip
    if event.type != "TransformationEvent" and event.action not in _ACTIONS:
        raise Invalid(Fault("action", "ADD, OBSERVE or DELETE", shorten(event.action or "none"), "Correct the action."))
    at = tags.instant(event.event_time, when, "eventTime")
    if at is None:
        raise Invalid(Fault("eventTime", "when it happened", "an empty text", "Send the time."))
    detail = _detail(event)
    told = None if event.event_id is None else text(event.event_id, "eventID")
    readings = [_tag(device, code, role, detail, told, at, when) for code, role in _epcs(event)]
    readings += [_measured(device, one, told, at, when) for one in _reports(event)]
    if not readings:
        raise Invalid(
            Fault("the event", "EPCs, a temperature or a relative humidity", "none of them",
                  "Quantities without EPCs come by orders and receipts; drop this.")
        )  # fmt: skip
    return readings


def _detail(event: _Event) -> dict[str, Any]:
    places = {"read_point": event.read_point, "biz_location": event.biz_location}
    told = {
        "event": event.type, "action": event.action, "biz_step": _word(event.biz_step, "bizStep"),
        "disposition": _word(event.disposition, "disposition"),
    } | {name: None if place is None else text(place.id, name) for name, place in places.items()}  # fmt: skip
    return {name: value for name, value in told.items() if value is not None}


def _word(told: str | None, where: str) -> str | None:
    """A word of GS1's vocabulary, which may be written as a URI that ends in it: ``cbv:BizStep-shipping``."""
    return None if told is None else _NAMESPACE.sub("", text(told, where))


def _epcs(event: _Event) -> Iterator[tuple[str, str | None]]:
    for field, role in _PARTS[event.type]:
        found = getattr(event, field)
        for number, code in enumerate([found] if isinstance(found, str) else found or [], 1):
            yield _epc(code, f"{_EVENT_FIELDS[field]} {number}"), role


def _epc(told: str, where: str) -> str:
    """
    Raises:
        Invalid: no URI of a thing, or one of a scheme we know that cannot be right.
    """
    told = text(told, where)
    if told.startswith(("http://", "https://")):
        gs1.read(told)  # a wrong check digit is told in its own words
        return told
    known = told.startswith(tuple(f"urn:epc:id:{scheme.name}:" for scheme in epc.SCHEMES.values()))
    if told.startswith("urn:") and (not known or epc.of_uri(told) is not None):
        return told
    raise Invalid(
        Fault(where, "a pure identity such as urn:epc:id:sgtin:0614141.812345.6789, or a Digital Link", shorten(told),
              "Correct the EPC.")
    )  # fmt: skip


def _tag(
    device: str, code: str, role: str | None, told: dict[str, Any], event_id: str | None, at: datetime, when: Moment
) -> Reading:
    detail = {"epc": code} | told | ({} if role is None else {"role": role})
    return Reading(_key(device, "tag", event_id, detail, at), device, "tag", None, detail, at, when.received_at)


def _key(device: str, kind: str, event_id: str | None, content: Mapping[str, Any], at: datetime) -> bytes:
    if event_id is None:
        return key_by_content(device, kind, at, sorted(content.items()))
    return key_by_id(device, kind, f"{event_id} {content.get('epc', '')} {content.get('role', '')}", at)


def _reports(event: _Event) -> Iterator[tuple[int, _Report, _Metadata]]:
    """(number, report, about) of every report that is a kind of reading and has a value."""
    number = 0
    for sensor in event.sensors:
        for report in sensor.sensor_report:
            number += 1
            if _kind(report) is not None and report.value is not None:
                yield number, report, sensor.sensor_metadata or _Metadata()


def _kind(report: _Report) -> str | None:
    return _SENSORS.get(_NAMESPACE.sub("", report.type).lower())


def _measured(
    device: str, told: tuple[int, _Report, _Metadata], event_id: str | None, at: datetime, when: Moment
) -> Reading:
    number, report, about = told
    where = f"sensorReport {number}"
    kind = KINDS[_kind(report) or ""]
    unit = None if report.uom is None else _UNITS.get(report.uom, report.uom)
    value = measure(kind, report.value, unit, f"{where}, value")
    at = tags.instant(report.time or about.time, when, f"{where}, time") or at
    detail: dict[str, Any] = {"event": where}
    sensor = report.device_id or about.device_id
    if sensor is not None:
        detail["sensor"] = text(sensor, f"{where}, deviceID")
    if event_id is None:
        key = key_by_content(device, kind.name, at, (number, value))
    else:
        key = key_by_id(device, kind.name, f"{event_id} {number}", at)
    return Reading(key, device, kind.name, value, detail, at, when.received_at)
