"""Series that are fetched: what comes is taken in whole, what goes wrong is told, and nothing of ours is reached."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.connectors import fetching
from shelfwise.core.errors import Forbidden, Invalid, Refused, ShelfwiseError, Unavailable
from shelfwise.demand.outside import feeds
from shelfwise.demand.outside import service as outside
from shelfwise.demand.outside.feeds import NewFeed
from shelfwise.demand.outside.model import NewSeries
from shelfwise.demand.outside.refreshing import refresh, refresh_due
from shelfwise.demand.outside.service import Taken
from shelfwise.store.database import run, value, values
from tests.conftest import NOON
from tests.work.receiver import HERE, Receiver, receiver

MARA, PAUL = person("mara", Role.ADMIN), person("paul", Role.PLANNER)
DAYS = [str(NOON.date() - timedelta(days=back)) for back in (2, 1, 0)]


class Clock:
    """A wall clock that is set by hand."""

    at = datetime(2026, 3, 2, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


def followed(office: Office, url: str, header: str | None = None, secret: str | None = None) -> int:
    with office.context(MARA) as ctx:
        made = outside.add_series(ctx, NewSeries("Warmest of the day", unit="degC"))
        feeds.put_feed(ctx, made, NewFeed(url, "json", "daily.time", "daily.max", header), secret)
    return made


def answer(there: Receiver, *told: float | None, status: int = 200) -> None:
    body = {"daily": {"time": DAYS[: len(told)], "max": list(told)}}
    there.answers.append((status, {}, json.dumps(body).encode()))


def told(office: Office, series_id: int) -> list[float | None]:
    with office.context(MARA) as ctx:
        return [one.value for one in outside.values_of(ctx, series_id)]


def test_what_is_new_or_revised_is_added_once_a_day_and_the_secret_goes_to_the_source(office: Office) -> None:
    office = replace(office, wall=(clock := Clock()))
    with receiver() as there:
        one = followed(office, there.url, "X-Api-Key", "s3cret")
        answer(there, 4.5, 5.0, None)
        assert (refresh_due(office, HERE), refresh_due(office, HERE)) == (1, 0)
        assert there.got[0][0]["x-api-key"] == "s3cret"
        clock.at += timedelta(hours=23)
        assert refresh_due(office, HERE) == 0
        clock.at += timedelta(hours=2)
        answer(there, 4.5, 5.5, 6.0)
        refresh_due(office, HERE)
        answer(there, 4.5, 5.5, 6.0)
        assert refresh(office, PAUL, one, HERE) == Taken(new=0, revised=0, same=3)
    assert told(office, one) == [4.5, 5.0, 5.5, 6.0]


def test_an_answer_with_one_bad_value_leaves_nothing_and_says_why(office: Office) -> None:
    with receiver() as there:
        one = followed(office, there.url)
        there.answers.append((200, {}, json.dumps({"daily": {"time": DAYS, "max": [4.5, "hot", 5.0]}}).encode()))
        with pytest.raises(Invalid, match="number 2: expected a number, got 'hot'"):
            refresh(office, PAUL, one, HERE)
        assert told(office, one) == []
        with office.context(PAUL) as ctx:
            found = feeds.feed(ctx, one)
            assert found is not None
            assert (found.url, found.host, found.succeeded_at) == ("", "127.0.0.1", None)
            assert "number 2" in (found.trouble or "")
        answer(there, 4.5)
        refresh(office, PAUL, one, HERE)
        with office.context(MARA) as ctx:
            found = feeds.feed(ctx, one)
            assert found is not None
            assert (found.trouble, found.url) == (None, there.url)


def test_a_source_that_is_silent_for_three_days_is_told_until_it_speaks(office: Office) -> None:
    office = replace(office, wall=(clock := Clock()))
    alerts = "select title from alert where kind = 'outside_silent' and state <> 'cleared'"
    with receiver() as there:
        one = followed(office, there.url)
        for hours in (0, 71, 2):
            clock.at += timedelta(hours=hours)
            with office.context(MARA) as ctx:
                assert values(ctx.tx, alerts) == []
            answer(there, status=503)
            assert refresh_due(office, HERE) == 0
        with office.context(MARA) as ctx:
            assert values(ctx.tx, alerts) == [("Warmest of the day has not come for 3 days",)]
        answer(there, 4.5)
        refresh(office, MARA, one, HERE)
    with office.context(MARA) as ctx:
        assert values(ctx.tx, alerts) == []


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/x?key=secret", "https://localhost/", "http://169.254.169.254/latest"]
)
def test_our_own_network_is_not_fetched_from_and_no_key_is_told(office: Office, url: str) -> None:
    one = followed(office, url)
    with pytest.raises(Unavailable, match="inside our own network") as caught:
        refresh(office, MARA, one)
    assert "secret" not in str(caught.value)
    with office.context(MARA) as ctx:
        assert "key=secret" not in str(value(ctx.tx, "select jsonb_agg(detail) from audit_entry"))


def test_what_is_too_long_or_moved_is_not_taken(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "MOST_BYTES", 10)
    with receiver() as there:
        one = followed(office, there.url)
        answer(there, 4.5)
        with pytest.raises(Unavailable, match="more than"):
            refresh(office, MARA, one, HERE)
        there.answers.append((302, {"Location": "http://127.0.0.1/"}, b""))
        with pytest.raises(Unavailable, match="not followed"):
            refresh(office, MARA, one, HERE)


def test_a_secret_never_goes_to_another_host_unseen_and_is_forgotten_with_its_feed(office: Office) -> None:
    one = followed(office, "https://weather.example.com/daily", "X-Api-Key", "s3cret")
    new = NewFeed("https://elsewhere.example.com/", "json", "t", "v", "X-Api-Key")
    with office.context(MARA) as ctx:
        with pytest.raises(Invalid, match="sent to this host alone"):
            feeds.put_feed(ctx, one, new)
        feeds.put_feed(ctx, one, replace(new, url="https://weather.example.com/hourly"))
        assert feeds.to_fetch(ctx, one) is not None
        feeds.put_feed(ctx, one, replace(new, header=None))
        assert value(ctx.tx, "select count(*) from outside_feed_secret") == 0
        feeds.remove_feed(ctx, one)
    with office.context(PAUL) as ctx, pytest.raises(Forbidden):
        feeds.put_feed(ctx, one, new, "s3cret")
    with pytest.raises(Refused, match="not fetched"):
        refresh(office, MARA, one)


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "file:///etc/passwd"}, {"url": "https://mara:secret@example.com/"}, {"format": "xml"},
        {"date_at": ""}, {"header": "Host"}, {"header": "X-Key\r\nHost"},
    ],
)  # fmt: skip
def test_a_feed_that_cannot_be_right_is_refused(office: Office, wrong: dict[str, Any]) -> None:
    with office.context(MARA) as ctx:
        one = outside.add_series(ctx, NewSeries("Warmth"))
        with pytest.raises(Invalid):
            feeds.put_feed(ctx, one, replace(NewFeed("https://example.com/", "json", "t", "v"), **wrong), "s")
        with pytest.raises(ShelfwiseError):
            feeds.put_feed(ctx, one, NewFeed("https://example.com/", "json", "t", "v", "X-Key"), "s\r\nHost: a")
        assert run(ctx.tx, "select from outside_feed") == 0
