"""TLS handshakes in memory: what a device that trusts an authority makes of the certificate that is shown to it."""

from __future__ import annotations

import ssl
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from shelfwise.https.authority import Authority


class Line:
    """A device that trusts `authority`, connected to a server without a network between.

    Raises:
        ssl.SSLCertVerificationError: the device does not believe that the server is `host`.
    """

    def __init__(self, server: ssl.SSLContext, authority: Authority, host: str) -> None:
        trusting = ssl.create_default_context(cadata=authority.certificate.public_bytes(Encoding.PEM).decode())
        to_server, to_device = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.device = trusting.wrap_bio(to_device, to_server, server_hostname=host)
        self.server = server.wrap_bio(to_server, to_device, server_side=True)
        for _ in range(4):
            for end in (self.device, self.server):
                try:
                    end.do_handshake()
                except ssl.SSLWantReadError:
                    continue

    def says(self, text: bytes) -> bytes:
        """What arrives at the server of what the device says."""
        self.device.write(text)
        return self.server.read(1000)


def shows(file: Path) -> ssl.SSLContext:
    """A server that shows what this file holds."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
