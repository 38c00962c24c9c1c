"""What a decoder tripped over, in the words of the house."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

import msgspec

from shelfwise.core.errors import Fault, Invalid, shorten

_PLACE = re.compile(r"^(?P<problem>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)
_EXPECTED = re.compile(r"^Expected (?P<expected>.*?)(?:, got (?P<got>.*))?$")
_BYTE = re.compile(r"\(byte (\d+)\)")

_TYPES = {
    "float": "a number", "int": "a whole number", "str": "a text", "object": "an object", "array": "a list",
    "null": "null", "bool": "true or false", "datetime": "a time",
}  # fmt: skip

Message = TypeVar("Message")


def decoded(decode: Callable[[bytes], Message], payload: bytes) -> Message:
    """What the decoder makes of the payload.

    Raises:
        Invalid: not UTF-8, not JSON, or not of the decoder's shape; says where.
    """
    try:
        return decode(payload)
    except msgspec.ValidationError as error:
        raise Invalid(_of_shape(str(error))) from error
    except UnicodeDecodeError as error:
        fault = Fault("a text in the message", "UTF-8", f"byte 0x{error.object[error.start]:02x}", "Send UTF-8.")
        raise Invalid(fault) from error
    except (msgspec.DecodeError, RecursionError) as error:
        where = _BYTE.search(str(error))
        raise Invalid(
            Fault(
                f"byte {where[1]}" if where else f"the end, byte {len(payload)}", "JSON",
                shorten(payload[: int(where[1]) + 20 if where else 60].decode("utf-8", "replace")),
                f"Send one whole JSON text ({_BYTE.sub('', str(error)).strip()}).",
            )
        ) from error  # fmt: skip


def _of_shape(message: str) -> Fault:
    found = _PLACE.match(message)
    problem, path = (found["problem"], found["path"]) if found else (message, None)
    remedy = "Send the message as the format's description shows it."
    if told := _EXPECTED.match(problem):
        return Fault(place(path), _plain(told["expected"]), _plain(told["got"] or "none"), remedy)
    if problem.startswith("Object missing required field"):
        return Fault(place(path), f"a field {problem.rsplit(' ', 1)[1].strip('`')}", "none", remedy)
    if problem.startswith("Invalid RFC3339"):
        return Fault(place(path), "a time such as 2026-03-02T12:00:00Z", "another text", "Send RFC 3339 with a zone.")
    return Fault(place(path), "what the format describes", problem.lower(), remedy)


def _plain(types: str) -> str:
    """The decoder's names of types in a person's words: `float | str` is "a number or a text"."""
    words = [_TYPES.get(name, name) for name in types.replace("`", "").split(" | ")]
    return ", ".join(words[:-1]) + " or " + words[-1] if len(words) > 1 else re.sub(r"^datetime", "a time", words[0])


def place(path: str | None) -> str:
    """A decoder's path in a person's words: `$[0].value` is "reading 1, value"."""
    words = []
    for index, name in re.findall(r"\[(\d+)\]|\.?([^.\[\]$]+)", path or ""):
        words.append(f"reading {int(index) + 1}" if index else name)
    return ", ".join(words) or "the message"
