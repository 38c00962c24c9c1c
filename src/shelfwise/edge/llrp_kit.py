"""An LLRP reader through the library llrpkit: the one place that knows it, behind the port in llrp.py.

The library is young. What it raises, and what it chokes on, becomes `Unavailable` with words for a person.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from llrpkit.client import check_status
from llrpkit.exceptions import CapabilityError, LLRPConnectionError, LLRPError, LLRPStatusError, LLRPTimeoutError
from llrpkit.inventory import TagReport
from llrpkit.protocol import LLRPMessage, enums, messages, params
from llrpkit.reader import Reader

from shelfwise.core.errors import Unavailable
from shelfwise.edge.connection_model import ReaderPlan
from shelfwise.edge.llrp import Notice, ReaderFacts
from shelfwise.edge.windows import TagRead

_ANSWER_S = 5.0
# Private enterprise numbers of makers, as IANA lists them, and the models that Impinj numbers.
_MAKERS = {161: "Zebra", 25_882: "Impinj"}
_IMPINJ = {
    2_001_001: "Speedway R220", 2_001_002: "Speedway R420", 2_001_003: "xPortal", 2_001_007: "xArray",
    2_001_008: "xSpan", 2_001_009: "Speedway R120", 2_001_052: "R700", 2_001_054: "R510", 2_001_056: "R720",
    2_002_001: "R515",
}  # fmt: skip
_TOLD_OF = (
    enums.NotificationEventType.Antenna_Event,
    enums.NotificationEventType.Reader_Exception_Event,
    enums.NotificationEventType.Report_Buffer_Fill_Warning,
)


class KitReader:
    """See `llrp.TagReader`."""

    def __init__(self, address: str, port: int) -> None:
        self._reader = Reader(address, port, response_timeout=_ANSWER_S, connect_timeout=_ANSWER_S)

    async def connect(self, keep_alive_s: float) -> ReaderFacts:
        with _in_words():
            await self._reader.connect()
            await self._reader.set_keepalive(int(keep_alive_s * 1000))
            # A reader that cannot tell of these still reads.
            with contextlib.suppress(LLRPStatusError):
                check_status(await self._reader.client.transact(_tell_of_events()))
            has = self._reader.capabilities
            maker = _MAKERS.get(has.manufacturer, f"maker {has.manufacturer}")
            model = (_IMPINJ if has.is_impinj else {}).get(has.model_number, f"model {has.model_number}")
            return ReaderFacts(maker, model, has.firmware, has.max_antennas, await self._connected())

    async def connected_antennas(self) -> tuple[int, ...] | None:
        with _in_words():
            return await self._connected()

    async def reads(self, plan: ReaderPlan) -> AsyncIterator[TagRead]:
        with _in_words():
            stream = self._reader.inventory(
                antennas=plan.antennas, session=plan.session, tag_population=plan.population,
                tx_power_dbm=plan.power_dbm, duration=plan.read_s or None,
            )  # fmt: skip
            async with contextlib.aclosing(stream):
                async for report in stream:
                    if report.epc:
                        yield _read(report)

    async def notices(self) -> AsyncIterator[Notice]:
        async with contextlib.aclosing(self._reader.events()) as stream:
            async for message in stream:
                for notice in _notices(message):
                    yield notice

    async def close(self) -> None:
        # Whatever state it is in: we are done with it.
        with contextlib.suppress(LLRPError, OSError, asyncio.TimeoutError):
            await self._reader.close()

    async def _connected(self) -> tuple[int, ...] | None:
        answer = await self._reader.get_config(enums.GetReaderConfigRequestedData.AntennaProperties)
        if not answer.antenna_properties:
            return None
        return tuple(sorted(one.antenna_id for one in answer.antenna_properties if one.antenna_connected))


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except LLRPTimeoutError as error:
        raise Unavailable("The reader did not answer in time.") from error
    except CapabilityError as error:
        raise Unavailable(f"The reader cannot do what is asked of it: {error}.") from error
    except LLRPStatusError as error:
        raise Unavailable(f"The reader refused: {error.error_description or error}.") from error
    except LLRPConnectionError as error:
        said = str(error)
        if "Already_Exists" in said:
            said = "Another program holds the reader, and it takes one at a time. Close the other one."
        elif "no ConnectionAttemptEvent" in said or "protocol error" in said:
            said = "What answers there does not speak LLRP. Check address and port, and that the reader is set to LLRP."
        else:
            said = f"The reader cannot be reached: {said[:200]}."
        raise Unavailable(said) from error
    except LLRPError as error:
        raise Unavailable(f"The reader and we do not understand each other: {str(error)[:200]}.") from error


def _tell_of_events() -> LLRPMessage:
    states = [params.EventNotificationState(event_type=one, notification_state=True) for one in _TOLD_OF]
    spec = params.ReaderEventNotificationSpec(event_notification_states=states)
    return messages.SET_READER_CONFIG(reset_to_factory_default=False, reader_event_notification_spec=spec)


def _read(report: TagReport) -> TagRead:
    first, last, utc = report.first_seen_us, report.last_seen_us, True
    raw = report.raw
    if last is None and first is None and raw is not None:
        up_first, up_last = raw.first_seen_timestamp_uptime, raw.last_seen_timestamp_uptime
        first = None if up_first is None else up_first.microseconds
        last = None if up_last is None else up_last.microseconds
        utc = False
    return TagRead(
        report.epc.hex().upper(), report.antenna, report.rssi_dbm, max(report.seen_count or 1, 1),
        first, first if last is None else last, utc,
    )  # fmt: skip


def _notices(message: LLRPMessage) -> Iterator[Notice]:
    if not isinstance(message, messages.READER_EVENT_NOTIFICATION):
        return
    told = message.reader_event_notification_data
    if told.antenna_event is not None:
        up = int(told.antenna_event.event_type) == int(enums.AntennaEventType.Antenna_Connected)
        yield Notice(f"Antenna {told.antenna_event.antenna_id} is {'back' if up else 'not connected'}.", not up)
    if told.reader_exception_event is not None:
        yield Notice(f"The reader reports: {told.reader_exception_event.message[:200] or 'an exception'}.")
    if told.report_buffer_overflow_error_event is not None:
        yield Notice("The reader's memory for reports overflowed: reads were lost in it.")
    if told.connection_close_event is not None:
        yield Notice("The reader closes the connection.")
