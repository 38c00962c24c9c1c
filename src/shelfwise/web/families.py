"""Families of devices: what a person chooses from, and how one of each family is told to report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """A family of devices.

    Attributes:
        words: what a person calls one of them.
        stands: what it needs of its place.
        format: what it speaks on any topic, a name of `formats.FORMATS`; None: its topics say.
        topic: the last part of the topic of an example, and `message` the example; both empty: there is none.
    """

    name: str
    words: str
    stands: str
    speaks_for: str = "self"
    format: str | None = None
    topic: str = ""
    message: str = ""


_WEIGHT = '{"kind": "weight", "value": 12.45, "unit": "kg"}'
_TEMPERATURE = '{"kind": "temperature", "value": 4.5, "unit": "C"}'
_BIN = "the bin that it stands under"
_ZONE = "the zone whose limit it watches"
_DOOR = "the dock or zone that it looks at; each antenna can have a place of its own later"
_NOWHERE = "nothing: the devices behind it have places"

FAMILIES = (
    Family("scale", "a scale", _BIN, topic="weight", message=_WEIGHT),
    Family("thermometer", "a temperature sensor", _ZONE, topic="temperature", message=_TEMPERATURE),
    Family("impinj", "a reader by Impinj", _DOOR, format="impinj"),
    Family("zebra", "a fixed reader by Zebra", _DOOR, format="zebra"),
    Family("zebra-handheld", "a handheld reader by Zebra", "nothing: it is carried", format="zebra-handheld"),
    Family("lorawan", "LoRaWAN devices, through ChirpStack", _NOWHERE, "gateway", "chirpstack"),
    Family("tracker", "a tracker or a phone, by OsmAnd or Traccar Client", "nothing: it moves", format="osmand"),
    Family("esphome", "a board with ESPHome, or Home Assistant", _ZONE, topic="temperature", message=_TEMPERATURE),
    Family("mqtt", "anything else that speaks MQTT", "what it measures", topic="weight", message=_WEIGHT),
    Family("http", "anything else that speaks HTTP", "what it measures", topic="weight", message=_WEIGHT),
    Family("gateway", "a gateway that speaks for others", _NOWHERE, "gateway"),
)
_BY_NAME = {family.name: family for family in FAMILIES}


def family_of(name: str) -> Family:
    """The family of this name; any that speaks MQTT where there is none."""
    return _BY_NAME.get(name, _BY_NAME["mqtt"])


@dataclass(frozen=True)
class Address:
    """Where devices reach us; a port of TLS is None where that door is not open."""

    host: str
    mqtt: int
    http: int
    mqtt_tls: int | None = None
    http_tls: int | None = None

    @property
    def web(self) -> str:
        """The HTTP door, by HTTPS where that is open."""
        return f"https://{self.host}:{self.http_tls}" if self.http_tls else f"http://{self.host}:{self.http}"

    @property
    def best_mqtt(self) -> int:
        return self.mqtt_tls or self.mqtt


@dataclass(frozen=True)
class Snippet:
    """Something to copy: into a device, or into a shell to try."""

    title: str
    text: str


def code(at: Address, device: str, secret: str) -> str:
    """What stands in the code for cameras."""
    told: dict[str, object] = {"host": at.host, "mqtt": at.mqtt, "http": at.http, "device": device, "secret": secret}
    if at.mqtt_tls:
        told["mqtts"] = at.mqtt_tls
    if at.http_tls:
        told["https"] = at.http_tls
    return json.dumps(told, separators=(",", ":"))


def snippets(family: Family, at: Address, device: str, secret: str) -> list[Snippet]:
    """How one of this family is told to report, and how that is tried from a shell."""
    made = {
        "impinj": _impinj, "zebra": _zebra, "zebra-handheld": _zebra, "lorawan": _chirpstack, "tracker": _tracker,
        "esphome": _esphome,
    }.get(family.name)  # fmt: skip
    found = [] if made is None else made(at, device, secret)
    if family.message:
        found += [_by_mqtt(family, at, device, secret), _by_http(family, at, device, secret)]
    return found


def _by_mqtt(family: Family, at: Address, device: str, secret: str) -> Snippet:
    safe = " --tls-use-os-certs" if at.mqtt_tls else ""
    return Snippet(
        "Try it by MQTT, from a machine that has Mosquitto's client",
        f"mosquitto_pub -h {at.host} -p {at.best_mqtt}{safe} -i {device} -u {device} -P '{secret}' -q 1 "
        f"-t shelfwise/{device}/{family.topic} -m '{family.message}'",
    )


def _by_http(family: Family, at: Address, device: str, secret: str) -> Snippet:
    return Snippet(
        "Try it by HTTP",
        f"curl -i {at.web}/v1/readings -H 'Authorization: Bearer {device}:{secret}' -d '{family.message}'",
    )


def _impinj(at: Address, device: str, secret: str) -> list[Snippet]:
    told = {
        "active": True, "brokerHostname": at.host, "brokerPort": at.best_mqtt, "tlsEnabled": bool(at.mqtt_tls),
        "clientId": device, "eventTopic": f"impinj/{device}/events", "eventQualityOfService": 1,
        "username": device, "password": secret,
    }  # fmt: skip
    return [Snippet("The reader's MQTT settings: PUT them to /api/v1/mqtt of the reader", _pretty(told))]


def _zebra(at: Address, device: str, secret: str) -> list[Snippet]:
    told = {
        "Endpoint type": "MQTT, QoS 1", "Server": at.host, "Port": at.best_mqtt,
        "Security": "TLS" if at.mqtt_tls else "none", "Client id": device, "User name": device, "Password": secret,
        "Topic of tag data": f"zebra/{device}/tags",
    }  # fmt: skip
    return [Snippet("The endpoint, as the reader's own page asks for it", _lines(told))]


def _chirpstack(at: Address, device: str, secret: str) -> list[Snippet]:
    told = {
        "Payload encoding": "JSON", "Event endpoint URL": f"{at.web}/v1/chirpstack",
        "Header": f"Authorization: Bearer {device}:{secret}",
    }  # fmt: skip
    return [Snippet("In ChirpStack: Applications, Integrations, HTTP", _lines(told))]


def _tracker(at: Address, device: str, secret: str) -> list[Snippet]:
    scheme, _, rest = at.web.partition("://")
    return [
        Snippet("The server's address, in Traccar Client", f"{scheme}://{device}:{secret}@{rest}/v1/osmand"),
        Snippet("The device identifier", device),
    ]


def _esphome(at: Address, device: str, secret: str) -> list[Snippet]:
    return [
        Snippet(
            "In the board's YAML; the id is that of its sensor",
            f"""mqtt:
  broker: {at.host}
  port: {at.mqtt}
  client_id: {device}
  username: {device}
  password: "{secret}"
  discovery: false
  birth_message:
  will_message:

interval:
  - interval: 60s
    then:
      - mqtt.publish_json:
          topic: shelfwise/{device}/temperature
          qos: 1
          payload: |-
            root["kind"] = "temperature";
            root["value"] = id(my_sensor).state;
            root["unit"] = "C";""",
        )
    ]


def _pretty(told: dict[str, object]) -> str:
    return json.dumps(told, indent=2)


def _lines(told: Mapping[str, object]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in told.items())
