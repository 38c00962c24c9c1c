"""What the demonstration must keep secret and find again at its next start, and how it is written down."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

import msgspec

from shelfwise.core.files import write_secret


@dataclass(frozen=True)
class SignIn:
    """How a person signs in to the demonstration."""

    login: str
    password: str
    role: str


class Secrets(msgspec.Struct, kw_only=True):
    """Kept in home/secrets/demo.json: people's passwords, devices' secrets, the twin's key, the order desk's path."""

    people: list[SignIn]
    devices: dict[str, str]
    api_key: str = ""
    desk_path: str = ""


def read_secrets(home: Path) -> Secrets:
    """What an earlier start kept, or nothing."""
    (home / "secrets").mkdir(mode=0o700, parents=True, exist_ok=True)
    file = home / "secrets" / "demo.json"
    return msgspec.json.decode(file.read_bytes(), type=Secrets) if file.exists() else Secrets(people=[], devices={})


def write_secrets(home: Path, kept: Secrets) -> None:
    """Keep everything for the next start, and the passwords in home/secrets/sign-in for people to read."""
    write_secret(home / "secrets" / "demo.json", msgspec.json.encode(kept))
    text = "".join(f"{one.role}: login {one.login}, password {one.password}\n" for one in kept.people)
    write_secret(home / "secrets" / "sign-in", text.encode())


def new_password() -> str:
    """Sixteen characters that can be read aloud: no l, 1, o or 0."""
    letters = "abcdefghijkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))
