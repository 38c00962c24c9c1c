"""Signatures that any receiver after the Standard Webhooks can check, and a sender that cannot be turned inwards."""

from __future__ import annotations

import base64
import json
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from shelfwise.connectors import guarded, webhooks
from tests.connectors.certificates import certificate_for
from tests.work.receiver import HERE, receiver

AT = datetime(2021, 2, 25, 15, 2, 10, tzinfo=UTC)


def test_the_published_example_gets_the_published_signature() -> None:
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    at = datetime.fromtimestamp(1614265330, UTC)
    signature = webhooks.sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}')
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(st.binary(min_size=24, max_size=64), st.from_regex(r"[a-z0-9_]{1,40}", fullmatch=True), st.text())
def test_the_reference_implementation_accepts_what_we_sign(secret: bytes, message_id: str, text: str) -> None:
    body = json.dumps({"type": "stock.moved", "data": {"note": text}}).encode()
    other = b"x" * 32
    sent = webhooks.headers([other, secret], message_id, datetime.now(UTC), body)
    assert Webhook(webhooks.written(secret)).verify(body, sent)["data"]["note"] == text
    assert Webhook(webhooks.written(other)).verify(body, sent)


def test_the_reference_implementation_refuses_what_was_touched() -> None:
    secret, now = b"s" * 32, datetime.now(UTC)
    sent = webhooks.headers([secret], "evt_1", now, b'{"a":1}')
    with pytest.raises(WebhookVerificationError):
        Webhook(webhooks.written(secret)).verify(b'{"a":2}', sent)
    with pytest.raises(WebhookVerificationError):
        Webhook(webhooks.written(secret)).verify(b'{"a":1}', sent | {"webhook-id": "evt_2"})
    late = webhooks.headers([secret], "evt_1", now - timedelta(minutes=6), b'{"a":1}')
    with pytest.raises(WebhookVerificationError):
        Webhook(webhooks.written(secret)).verify(b'{"a":1}', late)


@pytest.mark.parametrize(
    ("address", "foreign"),
    [
        ("93.184.215.14", True), ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False), ("10.1.2.3", False), ("172.16.0.1", False), ("192.168.1.1", False), ("0.0.0.0", False),
        ("169.254.169.254", False), ("100.64.0.1", False), ("224.0.0.1", False), ("239.1.1.1", False),
        ("255.255.255.255", False), ("192.0.2.1", False), ("::1", False), ("::", False), ("fe80::1", False),
        ("fc00::1", False), ("ff02::1", False), ("::ffff:127.0.0.1", False), ("::ffff:93.184.215.14", True),
        ("64:ff9b::7f00:1", False), ("64:ff9b::a9fe:a9fe", False), ("2002:7f00:1::", False),
    ],
)  # fmt: skip
def test_only_the_internet_is_foreign(address: str, foreign: bool) -> None:
    assert guarded.is_foreign(ip_address(address)) is foreign


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/", "https://localhost/", "http://[::1]/", "https://169.254.169.254/latest/meta-data",
        "https://0/", "https://2130706433/", "https://[::ffff:127.0.0.1]/",
    ],
)  # fmt: skip
def test_our_own_network_is_not_reached(url: str) -> None:
    with pytest.raises(webhooks.NotTaken, match="inside our own network"):
        webhooks.post(url, b"{}", {})


def test_out_on_the_internet_nothing_goes_unencrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(2, 1, 6, "", ("93.184.215.14", 80))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *args, **more: found)
    with pytest.raises(webhooks.NotTaken, match="by https"):
        webhooks.post("http://example.com/", b"{}", {})


def test_a_name_that_points_inwards_as_well_is_not_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(2, 1, 6, "", ("93.184.215.14", 443)), (2, 1, 6, "", ("10.0.0.5", 443))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *args, **more: found)
    with pytest.raises(webhooks.NotTaken, match=r"10\.0\.0\.5, inside"):
        webhooks.post("https://example.com/", b"{}", {})


def test_what_is_sent_is_what_was_signed_and_the_answer_is_told() -> None:
    body = b'{"type":"stock.moved"}'
    with receiver() as there:
        there.answers.append((202, {}, b"ok"))
        said = webhooks.post(there.url, body, webhooks.headers([b"k" * 32], "evt_9", datetime.now(UTC), body), HERE)
        ((sent, got),) = there.got
    assert said == "202 Accepted"
    assert Webhook(webhooks.written(b"k" * 32)).verify(got, sent)
    assert sent["host"] in there.url


def test_answers_other_than_2xx_are_failures_and_redirects_are_not_followed() -> None:
    with receiver() as there, receiver() as elsewhere:
        there.answers += [
            (302, {"Location": elsewhere.url}, b""), (500, {}, b"<b>no</b>\x00\x1b"), (410, {}, b""),
            (429, {"Retry-After": "120"}, b"slow down"),
        ]  # fmt: skip
        with pytest.raises(webhooks.NotTaken, match=r"302.*not followed"):
            webhooks.post(there.url, b"{}", {}, HERE)
        with pytest.raises(webhooks.NotTaken, match="answered 500: <b>no</b>") as caught:
            webhooks.post(there.url, b"{}", {}, HERE)
        assert str(caught.value).isprintable()
        assert "secret" not in str(caught.value)
        with pytest.raises(webhooks.Gone):
            webhooks.post(there.url, b"{}", {}, HERE)
        with pytest.raises(webhooks.NotTaken) as asked:
            webhooks.post(there.url, b"{}", {}, HERE)
        assert asked.value.after == timedelta(minutes=2)
        assert elsewhere.got == []


def test_nobody_at_home_and_an_unknown_name_are_failures() -> None:
    with receiver() as there:
        url = there.url
    with pytest.raises(webhooks.NotTaken, match="did not answer"):
        webhooks.post(url, b"{}", {}, HERE)
    with pytest.raises(webhooks.NotTaken, match="not known"):
        webhooks.post("https://nobody.invalid/", b"{}", {}, HERE)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for hooks.test, with its key, in one file."""
    return certificate_for(tmp_path, "DNS:hooks.test")


def test_by_https_the_name_is_looked_up_once_and_its_certificate_is_checked(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def look_up(name: str, port: int, *args: object, **more: object) -> list[object]:
        asked.append(name)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    trusting = ssl.create_default_context(cafile=str(certificate))
    with receiver(certificate) as there:
        port = there.url.split(":")[2].split("/")[0]
        real = socket.getaddrinfo
        monkeypatch.setattr(
            "shelfwise.connectors.guarded.socket.getaddrinfo",
            lambda name, *args, **more: look_up(name, *args) if name.endswith(".test") else real(name, *args, **more),
        )  # fmt: skip
        with pytest.raises(webhooks.NotTaken, match="CERTIFICATE_VERIFY_FAILED"):
            webhooks.post(f"https://hooks.test:{port}/", b"{}", {}, HERE)
        monkeypatch.setattr(guarded, "_tls", lambda: trusting)
        asked.clear()
        assert webhooks.post(f"https://hooks.test:{port}/", b"{}", {}, HERE) == "204 No Content"
        assert asked == ["hooks.test"]
        with pytest.raises(webhooks.NotTaken, match="CERTIFICATE_VERIFY_FAILED"):
            webhooks.post(f"https://other.test:{port}/", b"{}", {}, HERE)
        assert [sent["host"] for sent, _ in there.got] == [f"hooks.test:{port}"]


def test_an_answer_that_drips_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded, "DEADLINE_S", 0.4)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            there, _ = server.accept()
            with there:
                for _ in range(100):
                    try:
                        there.sendall(b"H")
                    except OSError:
                        return
                    time.sleep(0.05)

        thread = threading.Thread(target=drip)
        thread.start()
        began = time.monotonic()
        with pytest.raises(webhooks.NotTaken):
            webhooks.post(f"http://127.0.0.1:{server.getsockname()[1]}/", b"{}", {}, HERE, timeout_s=0.3)
        assert time.monotonic() - began < 3
        thread.join()
