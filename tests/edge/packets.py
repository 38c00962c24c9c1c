"""MQTT packets as a client writes them, and a client on a bare socket that can write worse ones."""

from __future__ import annotations

import socket
from types import TracebackType

PINGREQ = b"\xc0\x00"
DISCONNECT = b"\xe0\x00"


def text(content: str | bytes) -> bytes:
    raw = content.encode() if isinstance(content, str) else content
    return len(raw).to_bytes(2, "big") + raw


def packet(first: int, body: bytes) -> bytes:
    length, rest = b"", len(body)
    while rest > 127:
        length += bytes((rest & 127 | 128,))
        rest >>= 7
    return bytes((first,)) + length + bytes((rest,)) + body


def connect(
    device: str | None,
    secret: str | None,
    *,
    level: int = 4,
    keep_alive: int = 60,
    client_id: str = "c",
    clean: bool = True,
    will: tuple[str, bytes] | None = None,
) -> bytes:
    flags = clean << 1 | (0x80 if device is not None else 0) | (0x40 if secret is not None else 0)
    flags |= 0 if will is None else 0x24
    body = text("MQTT") + bytes((level, flags)) + keep_alive.to_bytes(2, "big") + text(client_id)
    body += b"" if will is None else text(will[0]) + text(will[1])
    return packet(0x10, body + (text(device) if device is not None else b"") + (text(secret) if secret else b""))


def connect5(
    device: str,
    secret: str,
    *,
    properties: bytes = b"",
    keep_alive: int = 60,
    client_id: str = "c",
    clean: bool = True,
    will: bytes | None = None,
) -> bytes:
    """A CONNECT of MQTT 5; `properties` without their length, `will` as it stands in the packet."""
    flags = 0xC0 | clean << 1 | (0 if will is None else 0x24)
    body = text("MQTT") + bytes((5, flags)) + keep_alive.to_bytes(2, "big")
    body += bytes((len(properties),)) + properties + text(client_id) + (will or b"")
    return packet(0x10, body + text(device) + text(secret))


def publish5(
    topic: str | bytes, payload: bytes, packet_id: int = 0, *, quality: int | None = None, properties: bytes = b"",
    first: int = 0,
) -> bytes:  # fmt: skip
    """A PUBLISH of MQTT 5; `properties` without their length, `first`: bits for DUP (8) and RETAIN (1)."""
    quality = (1 if packet_id else 0) if quality is None else quality
    identifier = packet_id.to_bytes(2, "big") if quality else b""
    body = text(topic) + identifier + bytes((len(properties),)) + properties + payload
    return packet(0x30 | quality << 1 | first, body)


def publish(topic: str | bytes, payload: bytes, packet_id: int = 0, quality: int | None = None) -> bytes:
    quality = (1 if packet_id else 0) if quality is None else quality
    identifier = packet_id.to_bytes(2, "big") if quality else b""
    return packet(0x30 | quality << 1, text(topic) + identifier + payload)


def subscribe(packet_id: int, *filters: str) -> bytes:
    return packet(0x82, packet_id.to_bytes(2, "big") + b"".join(text(name) + b"\x01" for name in filters))


def subscribe5(packet_id: int, *filters: str, options: int = 1) -> bytes:
    body = b"".join(text(name) + bytes((options,)) for name in filters)
    return packet(0x82, packet_id.to_bytes(2, "big") + b"\x00" + body)


class BareClient:
    """A connection to the MQTT door."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=15)

    def __enter__(self) -> BareClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def send(self, content: bytes) -> None:
        self._socket.sendall(content)

    def sign_in(self, device: str, secret: str, keep_alive: int = 60, client_id: str = "c") -> BareClient:
        self.send(connect(device, secret, keep_alive=keep_alive, client_id=client_id))
        assert self.receive(4) == b"\x20\x02\x00\x00"
        return self

    def receive(self, count: int) -> bytes:
        """That many bytes, or fewer if the connection is closed before."""
        received = b""
        while len(received) < count:
            try:
                chunk = self._socket.recv(count - len(received))
            except ConnectionResetError:
                break
            if not chunk:
                break
            received += chunk
        return received

    def closed(self) -> bool:
        """Whether the door closes the connection, sending nothing more."""
        return self.receive(1) == b""

    def acknowledged(self, count: int) -> list[int]:
        """The packet identifiers of the next PUBACKs."""
        content = self.receive(4 * count)
        assert all(content[at : at + 2] == b"\x40\x02" for at in range(0, len(content), 4))
        return [int.from_bytes(content[at + 2 : at + 4], "big") for at in range(0, len(content), 4)]

    def silent_for(self, seconds: float) -> bool:
        """Whether nothing comes for a while."""
        self._socket.settimeout(seconds)
        try:
            return self._socket.recv(1) == b"?"
        except TimeoutError:
            return True
        finally:
            self._socket.settimeout(15)
