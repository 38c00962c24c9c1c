"""Certificates for servers of tests, made anew and trusted by nobody."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def certificate_for(folder: Path, name: str) -> Path:
    """A certificate that signs itself, with its key, in one file.

    Args:
        name: whose it is, as 'DNS:hooks.test' or 'IP:127.0.0.1'.
    """
    found = shutil.which("openssl")
    if found is None:
        pytest.skip("there is no openssl to make a certificate with")
    made, key, both = folder / "cert.pem", folder / "key.pem", folder / "both.pem"
    program = [
        found, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
        "-subj", f"/CN={name.partition(':')[2]}", "-addext", f"subjectAltName={name}", "-keyout", str(key),
        "-out", str(made),
    ]  # fmt: skip
    subprocess.run(program, check=True, capture_output=True)
    both.write_text(made.read_text() + key.read_text())
    return both
