"""The other end of a webhook or a feed on this machine: keeps what it gets and answers as it is told."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path

HERE = (ip_network("127.0.0.0/8"),)


@dataclass
class Receiver:
    """Answers with the next of `answers` (status, headers, body), 204 when there are no more."""

    url: str = ""
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def receiver(certificate: Path | None = None) -> Iterator[Receiver]:
    """It speaks TLS if it is given a certificate with its key."""
    there = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            there.got.append(({name.lower(): said for name, said in self.headers.items()}, body))
            status, more, said = there.answers.pop(0) if there.answers else (204, {}, b"")
            self.send_response(status)
            for name, content in more.items():
                self.send_header(name, content)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        there.url = f"http://127.0.0.1:{server.server_port}/hooks?token=secret"
        try:
            yield there
        finally:
            server.shutdown()
            thread.join()
