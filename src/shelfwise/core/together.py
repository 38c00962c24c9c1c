"""Work that goes on side by side and ends together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable


async def first_to_end(*work: Awaitable[object]) -> None:
    """Run all until the first one ends or fails; then end the others, and raise what it raised."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
