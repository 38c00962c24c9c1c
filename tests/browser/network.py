"""A local network of two machines on this one: the house, and a phone whose packets really cross a wire to it.

Both are network namespaces of the kernel, joined by a pair of virtual cards. Nothing of this machine's own network is
touched, and all of it is gone with the processes that hold it. An ordinary user gets by with namespaces of users.
"""

from __future__ import annotations

import ctypes
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from shelfwise.https.authority import Authority

HOUSE, PHONE = "10.77.0.1", "10.77.0.2"
# For an ordinary user the kernel gives networks to those who are root in a namespace of users.
_OWN_USERS = () if os.geteuid() == 0 else ("--user", "--map-root-user")
_ENTER_USERS = () if os.geteuid() == 0 else ("--user", "--preserve-credentials")


def why_not() -> str | None:
    """Why this kernel gives us no network of our own; None: it does."""
    if missing := [one for one in ("unshare", "nsenter", "ip") if shutil.which(one) is None]:
        return f"there is no {', '.join(missing)} here"
    tried = subprocess.run(
        ["unshare", *_OWN_USERS, "--net", "ip", "link", "add", "lan0", "type", "veth"],
        capture_output=True,
        text=True,
        check=False,
    )
    return f"the kernel gives no network of our own: {tried.stderr.strip()}" if tried.returncode else None


class Network:
    """The house and the phone, until `close`."""

    def __init__(self) -> None:
        self._house = _held("unshare", *_OWN_USERS, "--net")
        self._phone = _held(*self.in_house("unshare", "--net"))
        for command in (
            f"ip link add lan0 type veth peer name wlan0 netns {self._phone.pid}",
            f"ip address add {HOUSE}/24 dev lan0",
            "ip link set lan0 up",
            "ip link set lo up",
        ):
            subprocess.run(self.in_house(*shlex.split(command)), check=True, capture_output=True)
        for command in (f"ip address add {PHONE}/24 dev wlan0", "ip link set wlan0 up", "ip link set lo up"):
            subprocess.run(self.on_phone(*shlex.split(command)), check=True, capture_output=True)

    def in_house(self, *command: str) -> list[str]:
        return [*_enter(self._house), *command]

    def on_phone(self, *command: str) -> list[str]:
        return [*_enter(self._phone), *command]

    def program_on_phone(self, folder: Path, program: str, home: Path) -> Path:
        """A program that starts another one on the phone, with a home of its own."""
        script = folder / "on-phone"
        words = shlex.join(self.on_phone("env", f"HOME={home}", program))
        script.write_text(f'#!/bin/sh\nexec {words} "$@"\n', "utf-8")
        script.chmod(0o700)
        return script

    def close(self) -> None:
        for one in (self._phone, self._house):
            one.kill()
            one.wait()


def _held(*unshare: str) -> subprocess.Popen[bytes]:
    """A process that keeps a namespace alive; it has said that it is in there."""
    process = subprocess.Popen([*unshare, "sh", "-c", "echo in; exec sleep 600"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout as said:
        assert said.readline() == b"in\n"
    return process


def _enter(one: subprocess.Popen[bytes]) -> Sequence[str]:
    return ("nsenter", "--target", str(one.pid), *_ENTER_USERS, "--net")


class _Trust(ctypes.Structure):
    _fields_ = (("ssl", ctypes.c_uint), ("email", ctypes.c_uint), ("code", ctypes.c_uint))


def trust(home: Path, authority: Authority) -> None:
    """Do what a person does in Chromium's settings: import the authority, as trusted for websites.

    Chromium keeps it in NSS's database in the home folder, which only NSS itself can write; the library is there
    because Chromium needs it.
    """
    database = home / ".pki" / "nssdb"
    database.mkdir(parents=True)
    program = (
        "import sys; from pathlib import Path; from tests.browser import network; "
        "network._import(Path(sys.argv[1]), sys.stdin.buffer.read())"
    )
    # In a process of its own: NSS is started once in a process, for one database.
    subprocess.run([sys.executable, "-c", program, str(database)], input=authority.der, check=True)


def _import(database: Path, der: bytes) -> None:
    # The second one, which reads certificates from files, opens the first.
    nss, files = ctypes.CDLL("libnss3.so"), ctypes.CDLL("libsmime3.so")
    for function in (nss.PK11_GetInternalKeySlot, files.CERT_DecodeCertFromPackage, nss.CERT_GetDefaultCertDB):
        function.restype = ctypes.c_void_p
    assert nss.NSS_InitReadWrite(f"sql:{database}".encode()) == 0
    slot = ctypes.c_void_p(nss.PK11_GetInternalKeySlot())
    assert nss.PK11_InitPin(slot, None, None) == 0
    certificate = ctypes.c_void_p(files.CERT_DecodeCertFromPackage(der, len(der)))
    assert nss.PK11_ImportCert(slot, certificate, 0, b"house", 0) == 0
    # A valid authority that is trusted to vouch for servers: "C,," in NSS's words.
    trusted = _Trust()
    assert nss.CERT_DecodeTrustString(ctypes.byref(trusted), b"C,,") == 0
    known = ctypes.c_void_p(nss.CERT_GetDefaultCertDB())
    assert nss.CERT_ChangeCertTrust(known, certificate, ctypes.byref(trusted)) == 0
    nss.CERT_DestroyCertificate(certificate)
    nss.PK11_FreeSlot(slot)
    assert nss.NSS_Shutdown() == 0
