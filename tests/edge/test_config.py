"""What a device hears when it subscribes to its own configuration."""

from __future__ import annotations

import json
from typing import Any

from tests.edge.conftest import SECRET, Running
from tests.edge.notes import CONFIG, another, signed_in, signed_in5
from tests.edge.packets import BareClient, connect, packet, publish, publish5, subscribe, subscribe5

TOPIC = "shelfwise/scale-7/config"


def retained(content: bytes) -> bytes:
    return bytes((content[0] | 1,)) + content[1:]


def test_the_configuration_follows_the_subscription_as_a_retained_message() -> None:
    made, transport, _ = signed_in()
    made.data_received(subscribe(5, TOPIC))
    assert transport.written == b"\x90\x03\x00\x05\x01" + retained(publish(TOPIC, CONFIG, 1))
    made, transport, _ = signed_in5()
    made.data_received(subscribe5(5, TOPIC, options=0))
    assert transport.written == b"\x90\x04\x00\x05\x00\x00" + retained(publish5(TOPIC, CONFIG))


def test_in_mqtt_5_a_client_says_whether_it_wants_what_is_retained() -> None:
    for options, times in ((0x01, 2), (0x11, 1), (0x21, 0)):
        made, transport, _ = signed_in5()
        made.data_received(subscribe5(5, TOPIC, options=options) * 2)
        assert transport.written.count(CONFIG) == times


def test_a_change_is_told_once_and_not_as_retained() -> None:
    made, transport, _ = signed_in()
    made.data_received(subscribe(5, TOPIC))
    transport.written = b""
    assert made.down is not None
    made.down.tell_config(CONFIG, retained=False)
    made.down.tell_config(b"{}", retained=False)
    made.down.tell_config(b"{}", retained=False)
    assert transport.written == publish(TOPIC, b"{}", 2)


def test_a_client_gets_no_more_at_once_than_it_takes_and_then_the_newest() -> None:
    made, transport, _ = signed_in5(properties=b"\x21\x00\x01")
    made.data_received(subscribe5(5, TOPIC))
    assert made.down is not None
    transport.written = b""
    for number in range(5):
        made.down.tell_config(b"%d" % number, retained=False)
    assert transport.written == b""
    made.data_received(packet(0x40, b"\x00\x01"))
    assert transport.written == publish5(TOPIC, b"4", 2)
    made.data_received(packet(0x40, b"\x00\x02"))
    made.data_received(packet(0x40, b"\x00\x02"))
    assert transport.written == publish5(TOPIC, b"4", 2)


def test_a_packet_larger_than_the_client_takes_is_not_sent() -> None:
    made, transport, _ = signed_in5(properties=b"\x27\x00\x00\x00\x14")
    made.data_received(subscribe5(5, TOPIC))
    assert transport.written == b"\x90\x04\x00\x05\x00\x01"


def test_a_session_that_comes_back_hears_what_it_has_not_acknowledged() -> None:
    made, _, _ = signed_in()
    kept = connect("scale-7", "secret", client_id="kept", clean=False)
    for acknowledges, told in ((False, True), (True, True), (False, False)):
        line, transport = another(made.door)
        line.data_received(kept)
        if told and not acknowledges:
            line.data_received(subscribe(5, TOPIC))
        assert (publish(TOPIC, CONFIG, 1)[1:] in transport.written) is told
        if acknowledges:
            line.data_received(packet(0x40, b"\x00\x01"))
        line.connection_lost(None)


def test_a_device_hears_its_name_and_where_it_stands_and_hears_of_a_change(running: Running) -> None:
    with BareClient(running.mqtt_port).sign_in("scale-7", SECRET) as bare:
        bare.send(subscribe(5, TOPIC))
        assert bare.receive(5) == b"\x90\x03\x00\x05\x01"
        first, told = hear(bare)
        assert (first, told["device"], told["units"]["weight"], "stands" in told) == (0x33, "scale-7", "g", False)
        with running.office.database.transaction() as tx:
            tx.execute(
                "update device set name = 'Scale under A-01', asked_interval_s = 60,"
                " zone_id = (select min(zone_id) from zone) where device = 'scale-7'"
            )
        first, told = hear(bare)
        assert (first, told["name"], told["interval_s"]) == (0x32, "Scale under A-01", 60)
    assert running.waits_for("select count(*) from mqtt_session", [(0,)])


def hear(bare: BareClient) -> tuple[int, dict[str, Any]]:
    """The next PUBLISH of QoS 1: its first byte and its content."""
    first, length = bare.receive(2)
    if length > 127:
        length = length & 127 | bare.receive(1)[0] << 7
    body = bare.receive(length)
    return first, json.loads(body[2 + len(TOPIC) + 2 :])
