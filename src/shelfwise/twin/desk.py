"""The suppliers' order desk: a small HTTP server that takes each purchase order once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import structlog

log = structlog.get_logger()

LARGEST_BODY = 1 << 20
PATIENCE_S = 15.0


class _Line(msgspec.Struct):
    line: int
    sku: str
    quantity: str
    unit_cost: str


class _Order(msgspec.Struct):
    number: str
    lines: list[_Line]


@dataclass
class OrderDesk:
    """Takes POSTs of orders as JSON with an ``Idempotency-Key``; the same key again gets the same answer.

    Attributes:
        now: the business clock.
        path: where orders are taken; it holds a secret, so that no other installation's orders land here.
        taken: when each order came in, by its number.
    """

    now: Callable[[], datetime]
    path: str
    taken: dict[str, datetime] = field(default_factory=dict)
    _answers: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)

    def take(self, key: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Status and answer for one message."""
        if not key:
            return 400, {"error": "The header Idempotency-Key is missing."}
        if key in self._answers:
            first_body, answer = self._answers[key]
            if first_body != body:
                return 409, {"error": f"The key {key} came before with another order."}
            return 200, msgspec.json.decode(answer)
        try:
            order = msgspec.json.decode(body, type=_Order)
        except msgspec.DecodeError as error:
            return 422, {"error": str(error)}
        self.taken.setdefault(order.number, self.now())
        answer_now = {"number": order.number, "state": "accepted", "lines": len(order.lines)}
        self._answers[key] = body, msgspec.json.encode(answer_now)
        log.info(
            "order taken", number=order.number, lines=len(order.lines), skus=[line.sku for line in order.lines][:5]
        )
        return 200, answer_now

    async def run(self, host: str, port: int) -> None:
        """Listen until cancelled."""
        server = await asyncio.start_server(self._serve, host, port)
        async with server:
            await server.serve_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                status, answer = await self._answer(reader)
        except (ValueError, TimeoutError, EOFError, asyncio.LimitOverrunError):
            status, answer = 400, {"error": "This is no HTTP request that the desk understands."}
        except OSError:
            writer.close()
            return
        body = msgspec.json.encode(answer)
        words = {200: "OK", 404: "Not Found", 409: "Conflict", 413: "Content Too Large", 422: "Unprocessable Content"}
        head = (
            f"HTTP/1.1 {status} {words.get(status, 'Bad Request')}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        writer.write(head.encode() + body)
        try:
            await writer.drain()
            writer.close()
            await writer.wait_closed()
        except OSError:
            log.info("caller left before the answer")

    async def _answer(self, reader: asyncio.StreamReader) -> tuple[int, dict[str, Any]]:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        request, *lines = head.split("\r\n")
        headers = {name.strip().lower(): text.strip() for name, _, text in (line.partition(":") for line in lines)}
        method, path, version = request.split(" ", 2)
        if not version.startswith("HTTP/1."):
            raise ValueError(version)
        if method != "POST" or path != self.path:
            return 404, {"error": "Orders are taken by POST, at the address that was agreed."}
        length = int(headers.get("content-length", "0"))
        if not 0 <= length <= LARGEST_BODY:
            return 413, {"error": f"At most {LARGEST_BODY} bytes."}
        return self.take(headers.get("idempotency-key", ""), await reader.readexactly(length))
