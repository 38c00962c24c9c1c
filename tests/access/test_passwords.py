"""Passwords that others try first are refused, and ordinary ones are not."""

from __future__ import annotations

import pytest

from shelfwise.access.passwords import new_code, new_pin, password_faults, pin_faults, tidy_code


@pytest.mark.parametrize(
    "password",
    [
        "short", "password1234", "P@ssw0rd1234", "passwordpassword", "123456789012", "abcdefghijkl", "qwertyuiop12",
        "aaaaaaaaaaaa", "abcabcabcabc", "letmein12345", "!!!admin!!!2026", "summer202626", "shelfwise2026", "x" * 1001,
        "welcome-welcome", "987654321098", "mara-mara-2026", "iloveyou1234",
    ],
)  # fmt: skip
def test_a_password_that_others_try_first_is_refused(password: str) -> None:
    assert password_faults(password, "mara-mara")


@pytest.mark.parametrize(
    "password",
    [
        "three random words",
        "quiet-otter-shelf",
        "Xk29-vvQp-77aZ",
        "corridor umbrella 7",
        "ßüßer Apfel im Regen",
        "k" + "jq4zt9" * 3,
    ],
)
def test_an_ordinary_password_is_taken(password: str) -> None:
    assert password_faults(password, "mara") == []


def test_a_code_is_read_however_it_is_typed() -> None:
    code = new_code()
    assert (
        tidy_code(f"  {code.upper()} ") == tidy_code(code.replace("-", "")) == tidy_code(code.replace("-", " ")) == code
    )
    assert len({new_code() for _ in range(100)}) == 100


def test_random_pins_are_not_the_ones_that_are_guessed_first() -> None:
    assert all(pin_faults(new_pin()) == [] for _ in range(200))
