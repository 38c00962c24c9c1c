"""Where long computations run: in the worker itself, in a process beside it, or on a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

from shelfwise.core.errors import Fault, Invalid, Unavailable, shorten

HERE, BESIDE = "here", "processes"
SCHEDULERS = ("tcp://", "tls://")
REACHED_WITHIN_S = 10


def is_where(value: str) -> bool:
    """Whether a setting says where to compute."""
    return value in (HERE, BESIDE) or value.startswith(SCHEDULERS)


@contextmanager
def executor(where: str) -> Iterator[Executor | None]:
    """What runs computations, as `concurrent.futures` has it; None: whoever asks computes itself.

    Args:
        where: `HERE`; `BESIDE`, one process that keeps the worker's memory small; or the address of a Dask scheduler,
            whose workers have the same Shelfwise installed.

    Raises:
        Invalid: the extra `cluster` is not installed.
        Unavailable: the scheduler cannot be reached.
    """
    if where == HERE:
        yield None
    elif where == BESIDE:
        # Not forked: the worker has threads, whose locks a copy would hold for ever.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
            yield pool
    else:
        yield from _cluster(where)


def _cluster(address: str) -> Iterator[Executor]:
    try:
        from distributed import Client
    except ImportError as error:
        raise Invalid(
            Fault(
                "SHELFWISE_COMPUTE", "here or processes, as long as the extra cluster is not installed", address,
                "Install it: pip install 'shelfwise[cluster]'.",
            )
        ) from error  # fmt: skip
    try:
        client = Client(address, timeout=REACHED_WITHIN_S)
    except OSError as error:
        raise Unavailable(f"The Dask scheduler at {address} cannot be reached: {shorten(str(error), 200)}.") from error
    try:
        yield client.get_executor(pure=False)
    finally:
        client.close()
