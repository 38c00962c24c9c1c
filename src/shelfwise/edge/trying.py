"""Trying a connection out: connect once, look for a moment, say what is there, hang up."""

from __future__ import annotations

import asyncio

from shelfwise.core.errors import ShelfwiseError
from shelfwise.edge.bridge import look_at_broker
from shelfwise.edge.connection_model import Connection, ReaderPlan, Secrets, plan_of
from shelfwise.edge.llrp import MakeReader, kit_reader
from shelfwise.edge.reaching import Ours, address_of

_LOOK_S = 3.0
_KEEP_ALIVE_S = 10.0


def try_out(connection: Connection, secrets: Secrets, ours: Ours) -> tuple[bool, str]:
    """Whether it works, and what was found or what is wrong, in words. Takes some seconds; needs no gateway."""
    look = _look_at_broker(connection, secrets, ours) if connection.kind == "mqtt" else look_at_reader(connection, ours)
    try:
        return True, asyncio.run(look)
    except ShelfwiseError as error:
        return False, str(error)


async def look_at_reader(connection: Connection, ours: Ours, make: MakeReader = kit_reader) -> str:
    """
    Raises:
        Unavailable, Refused: why the reader cannot be read.
    """
    plan = plan_of(ReaderPlan, connection.settings)
    reader = make(await address_of(connection.host, connection.port, ours), connection.port)
    tags: set[str] = set()
    try:
        facts = await reader.connect(_KEEP_ALIVE_S)

        async def read() -> None:
            async for one in reader.reads(plan):
                tags.add(one.epc)

        reading = asyncio.ensure_future(read())
        done, _ = await asyncio.wait([reading], timeout=_LOOK_S)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        for task in done:
            task.result()
    finally:
        await reader.close()
    return f"{facts.in_words()}; {len(tags)} tags seen in {_LOOK_S:g} s."


async def _look_at_broker(connection: Connection, secrets: Secrets, ours: Ours) -> str:
    address = await address_of(connection.host, connection.port, ours)
    host = connection.host if connection.settings.get("tls") else address
    found = await look_at_broker(connection, secrets, host, _LOOK_S)
    return found.in_words(_LOOK_S)
