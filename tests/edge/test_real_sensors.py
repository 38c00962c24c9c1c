"""A morning of a real reader and a year of a real cold store, as they would report here: no good value is refused.

Where the recordings are not, some of their rows stand for them.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from shelfwise.edge.messages import Message
from shelfwise.edge.model import Known, Origin, moment
from tests.real import SENSING

READS = """timestamp,reader,antenna,rssi,epc,phase_angle,channel_index,doppler_frequency
1755033487.197361,reader,1,-77,b'303040420a8824d61e7f24d2',3424,38,-1
1755033486.957761,reader,1,-72,b'e2806995000040182224401d',740,37,1
1755033486.835257,reader,2,-71,b'302f482b51902a56d14237ef',240,36,-31
"""
VALUES = """date,hour,a,b,c,d,e,f,g,h,i,j
24/06/21,14:41:55,,,###,###,,,,,,..........
14/07/21,13:30:00,2.2,1.2,-34.3,-33.3,-23.6,-23.9,-24.5,-24.1,1.6,2
14/07/21,13:45:00,2.6,###,-34.3,-33.4,-23.7,-24,-24.6,-24.2,1.6,2
"""


def rows(name: str, otherwise: str) -> Iterator[dict[str, str]]:
    path = SENSING / f"{name}.csv.gz"
    with gzip.open(path, "rt") if path.exists() else io.StringIO(otherwise) as file:
        yield from csv.DictReader(file)


def is_number(told: str) -> bool:
    return told.lstrip("-").replace(".", "", 1).isdecimal()


def taken(form: str, payload: bytes, at: datetime) -> int:
    """How many readings a door makes of a message; nothing of it may go to quarantine."""
    topic = "application/1/device/gate-1/event/up" if form == "chirpstack" else f"{form}/gate-1/x"
    origin = Origin("mqtt", "gate-1", "gateway", "gate-1", topic, form)
    message = Message(None, 0, origin, payload, 0.0)
    message.when = moment(at)
    message.decode(1, Known(frozenset({"gate-1", *(f"store-{name}" for name in "abcdefghij")})))
    assert message.unreadable is None, message.unreadable.reason
    return message.readings


def test_every_read_of_a_real_reader_is_a_tag() -> None:
    told = list(rows("rfid_reads", READS))
    count = 0
    for start in range(0, len(told), 200):
        some = told[start : start + 200]
        last = max(float(row["timestamp"]) for row in some)
        events = [
            {
                "eventType": "tagInventory",
                "timestamp": datetime.fromtimestamp(float(row["timestamp"]), UTC).isoformat(),
                "tagInventoryEvent": {
                    "epcHex": row["epc"][2:-1], "antennaPort": int(row["antenna"]),
                    "peakRssiCdbm": int(row["rssi"]) * 100,
                },
            }
            for row in some
        ]  # fmt: skip
        payload = "\n".join(json.dumps(event) for event in events).encode()
        count += taken("impinj", payload, datetime.fromtimestamp(last, UTC))
    assert count == len(told)


@pytest.mark.parametrize("form", ["generic", "chirpstack"])
def test_every_value_of_a_real_cold_store_is_a_temperature_and_its_gaps_are_none(form: str) -> None:
    expected = count = 0
    for row in rows("coldstore_values", VALUES):
        at = datetime.strptime(f"{row['date']} {row['hour']}", "%d/%m/%y %H:%M:%S").replace(tzinfo=UTC)
        known = {
            name: float(row[name]) for name in "abcdefghij" if row[name].lstrip("-").replace(".", "", 1).isdecimal()
        }
        expected += len(known)
        if form == "generic" and known:
            told = [
                {"device": f"store-{name}", "kind": "temperature", "value": value, "at": at.isoformat()}
                for name, value in known.items()
            ]
            count += taken(form, json.dumps(told).encode(), at)
        elif known:
            uplink = {
                "time": at.isoformat(), "deviceInfo": {"devEui": "gate-1"},
                "object": {"temperatureSensor": {name: known.get(name) for name in "abcdefghij"}},
            }  # fmt: skip
            count += taken(form, json.dumps(uplink).encode(), at)
    assert count == expected > 0
