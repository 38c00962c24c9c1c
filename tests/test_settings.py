"""Settings come from the environment, and a wrong one is named with what was expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from shelfwise.core.errors import Invalid
from shelfwise.settings import Settings


def test_what_is_not_set_has_a_sensible_default() -> None:
    assert Settings.read({}) == Settings()


def test_settings_survive_the_way_to_a_child_process() -> None:
    settings = Settings(home=Path("/srv/a b"), database_url="postgresql://x/y", web_port=9000, secure_cookies=True)
    assert Settings.read(settings.environment()) == settings


@pytest.mark.parametrize("text", ["http", "0", "70000", "-1", "1.5"])
def test_a_port_that_is_none_is_refused_by_name(text: str) -> None:
    with pytest.raises(Invalid, match="SHELFWISE_WEB_PORT: expected a port number"):
        Settings.read({"SHELFWISE_WEB_PORT": text})


def test_every_wrong_setting_is_named_at_once() -> None:
    with pytest.raises(Invalid) as refusal:
        Settings.read({"SHELFWISE_WEB_PORT": "x", "SHELFWISE_SECURE_COOKIES": "maybe"})
    assert [fault.where for fault in refusal.value.faults] == ["SHELFWISE_WEB_PORT", "SHELFWISE_SECURE_COOKIES"]


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({}, "SHELFWISE_MAIL_FROM"),
        ({"SHELFWISE_MAIL_FROM": "orders"}, "SHELFWISE_MAIL_FROM"),
        ({"SHELFWISE_MAIL_FROM": "a@b", "SHELFWISE_SMTP_PASSWORD_FILE": "/none"}, "SHELFWISE_SMTP_PASSWORD_FILE"),
    ],
)
def test_a_mail_server_that_could_not_be_used_is_refused_before_anything_starts(
    given: dict[str, str], where: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        Settings.read({"SHELFWISE_SMTP_URL": "smtp://mail.example", **given})
    assert [fault.where for fault in refusal.value.faults] == [where]
