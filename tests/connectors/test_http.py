"""A partner's answer, however odd, is a few readable words and no more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest

from shelfwise.connectors import http


@contextmanager
def partner(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            answer(self)

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/orders"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def say(status: int, body: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def test_a_2xx_answer_means_that_the_partner_has_it() -> None:
    with partner(say(201, b"thanks")) as url:
        http.post(url, "PO-1", {})


def test_what_no_text_can_hold_is_left_out_of_the_error() -> None:
    with partner(say(500, b"out of\0order\n\xff")) as url, pytest.raises(httpx.HTTPStatusError) as caught:
        http.post(url, "PO-1", {})
    assert str(caught.value) == "127.0.0.1 answered 500: out of order �"


@pytest.mark.parametrize("status", [200, 500])
def test_an_answer_without_end_is_not_read_to_the_end(status: int) -> None:
    sent = 0

    def endless(handler: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        handler.send_response(status)
        handler.end_headers()
        with pytest.raises(OSError, match=r"Broken pipe|reset"):
            while sent < 100_000_000:
                sent += handler.wfile.write(b"x" * 100_000)

    with partner(endless) as url:
        if status == 200:
            http.post(url, "PO-1", {})
        else:
            with pytest.raises(httpx.HTTPStatusError, match="answered 500: xxx"):
                http.post(url, "PO-1", {})
    assert sent < 100_000_000
