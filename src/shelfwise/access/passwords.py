"""Passwords, PINs and secrets: what is accepted, and how each is kept."""

from __future__ import annotations

import hashlib
import secrets
import threading
from functools import cache
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shelfwise.core.errors import Fault

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1000
SHORTEST_PIN, LONGEST_PIN = 4, 8
# Each verification takes 64 MB for as long as it lasts, and anybody can ask for one: more than these wait their turn.
VERIFYING = threading.BoundedSemaphore(2)
# No l, 1, o or 0: what is read aloud or copied by hand is not mistaken.
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
# The words that the commonest passwords are made of; digits and signs around them, and 3 for e, do not help.
_WORDS = """
password passwort passw motdepasse contrasena senha parola wachtwoord haslo login signin admin administrator
root master manager operator viewer user username guest welcome willkommen bienvenue letmein changeme changeit
default secret geheim hello hallo iloveyou loveyou ilove loveme qwerty qwertz azerty qwertyuiop qwertzuiop
azertyuiop asdf asdfgh asdfghjkl zxcvbn zxcvbnm yxcvbnm qazwsx qazwsxedc wsxedc abc abcd abcde abcdef abcdefg
abcdefgh abcdefghijkl abcdefghijklm monkey dragon football fussball baseball basketball superman batman
spiderman sunshine princess shadow michael jordan jennifer hunter charlie daniel jessica ashley trustno
trustnoone whatever starwars computer internet samsung google facebook freedom flower summer winter spring
autumn sommer january february march april june july august september october november december monday tuesday
wednesday thursday friday saturday sunday warehouse inventory stock shelfwise logistics shelf company business
test testing tester demo temp temporary pass passpass iamadmin letmeinnow opensesame
"""
_COMMON = frozenset(_WORDS.split())
_LEET = str.maketrans("013457@$!", "oieastasi")


@cache
def hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def nobodys_hash() -> str:
    """Verified where the login is unknown, so that the time an answer takes does not tell which logins exist."""
    return hasher().hash(secrets.token_urlsafe())


def verify(kept: str | None, given: str) -> bool:
    """Whether this is the password or PIN whose hash was kept; None, for nobody's, takes as long and is False."""
    try:
        right: bool = hasher().verify(kept or nobodys_hash(), given)
    except (VerificationError, InvalidHashError):
        return False
    return right and kept is not None


def digest(secret: str) -> bytes:
    """What is kept of a random secret: with 80 bits or more there is nothing to guess, and a plain hash will do."""
    return hashlib.sha256(secret.encode()).digest()


def new_code() -> str:
    """A code of 80 random bits that can be read aloud: four groups of four characters."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def tidy_code(typed: str) -> str:
    """A code as it was given out, however it was typed: capitals, spaces and missing hyphens are forgiven."""
    kept = "".join(ch for ch in typed.lower() if ch.isalnum())[:64]
    return "-".join(kept[at : at + 4] for at in range(0, len(kept), 4))


def new_pin() -> str:
    """Six random digits that are not easily guessed."""
    while True:
        pin = f"{secrets.randbelow(1_000_000):06}"
        if not pin_faults(pin):
            return pin


def password_faults(password: str, login: str = "") -> list[Fault]:
    """Why this cannot be a password; empty where it can."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        expected = f"{SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters"
        return [Fault("password", expected, f"{len(password)}", "Three random words do well.")]
    if _is_common(password, login):
        expected = "one that is not among the first that others try"
        return [Fault("password", expected, "a common one", "Choose three words that have nothing to do with you.")]
    return []


def _is_common(password: str, login: str) -> bool:
    plain = password.lower()
    if len(set(plain)) < 5 or _repeats(plain) or _is_run(plain):
        return True
    # What is left without digits and signs, as it stands and with those inside read as letters.
    core = plain.strip("".join(ch for ch in plain if not ch.isalpha()))
    for text in (core, core.translate(_LEET)):
        letters = "".join(ch for ch in text if ch.isalpha())
        if letters in _COMMON or (login and letters == "".join(ch for ch in login.lower() if ch.isalpha())):
            return True
        if any(letters == one + other for one in _COMMON if letters.startswith(one) for other in (one, *_COMMON)):
            return True
    return not any(ch.isalpha() for ch in plain) and len(plain) < 16


def _repeats(text: str) -> bool:
    """Whether it is one short piece over and over: abcabcabcabc."""
    return any(text == (text[:size] * len(text))[: len(text)] for size in range(1, len(text) // 2 + 1))


def _is_run(text: str) -> bool:
    """Whether each character follows from the one before: 123456789012, abcdefghijkl, or backwards."""
    steps = {(ord(after) - ord(before)) for before, after in pairwise(text)}
    return steps <= {1, -9} or steps <= {-1, 9} or steps == {0}


def pin_faults(pin: str) -> list[Fault]:
    """Why this cannot be a PIN; empty where it can."""
    expected = f"{SHORTEST_PIN} to {LONGEST_PIN} digits"
    if not (pin.isascii() and pin.isdigit() and SHORTEST_PIN <= len(pin) <= LONGEST_PIN):
        return [Fault("pin", expected, f"{len(pin)} characters", "Choose digits alone.")]
    if len(set(pin)) < 3 or _repeats(pin) or _is_run(pin):
        return [Fault("pin", "digits that are not guessed first", "a simple row", "Choose one less regular.")]
    return []
