"""The order desk takes each order once, whoever sends it how often, and says what it cannot read."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from datetime import UTC, datetime

import httpx
import msgspec

from shelfwise.twin.desk import OrderDesk

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ORDER = {"number": "PO-000001", "lines": [{"line": 1, "sku": "85123A", "quantity": "48", "unit_cost": "1.20"}]}


def desk() -> OrderDesk:
    return OrderDesk(lambda: NOON, "/orders/geheim")


def test_the_same_key_gets_the_same_answer_and_makes_no_second_order() -> None:
    one = desk()
    body = msgspec.json.encode(ORDER)
    assert one.take("PO-000001", body) == one.take("PO-000001", body)
    assert one.take("PO-000001", body)[0] == 200
    assert one.taken == {"PO-000001": NOON}


def test_the_same_key_with_another_order_is_refused() -> None:
    one = desk()
    one.take("PO-000001", msgspec.json.encode(ORDER))
    assert one.take("PO-000001", msgspec.json.encode({**ORDER, "lines": []}))[0] == 409


def test_an_order_without_a_key_or_that_cannot_be_read_is_refused() -> None:
    assert desk().take("", msgspec.json.encode(ORDER))[0] == 400
    assert desk().take("k", b"{")[0] == 422
    assert desk().take("k", b'{"number": 5, "lines": []}')[0] == 422


def test_orders_come_in_by_http() -> None:
    async def scenario() -> list[tuple[int, object]]:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        one = desk()
        running = asyncio.create_task(one.run("127.0.0.1", port))
        answers: list[tuple[int, object]] = []
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=5) as client:
            for _ in range(100):
                with suppress(httpx.ConnectError):
                    await client.get("/")
                    break
                await asyncio.sleep(0.02)
            for path, headers in (
                ("/orders/geheim", {"Idempotency-Key": "PO-000001"}),
                ("/orders/geheim", {"Idempotency-Key": "PO-000001"}),
                ("/orders/geheim", {}),
                ("/orders", {"Idempotency-Key": "PO-000001"}),
            ):
                answer = await client.post(path, json=ORDER, headers=headers)
                answers.append((answer.status_code, answer.json().get("state")))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"\x16\x03\x01 no http\r\n\r\n")
        answers.append((int((await reader.read()).split()[1]), None))
        writer.close()
        await writer.wait_closed()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        return answers

    assert asyncio.run(scenario()) == [(200, "accepted"), (200, "accepted"), (400, None), (404, None), (400, None)]
