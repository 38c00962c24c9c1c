"""What a day holds for a person, in sentences with numbers, the most urgent first. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

Level = Literal["danger", "attention", "normal"]
_ORDER: dict[Level, int] = {"danger": 0, "attention": 1, "normal": 2}
SOON_DAYS = 3
EXPIRY_DAYS = 7


@dataclass(frozen=True)
class Line:
    """One thing of the day: what it is in words, where it is dealt with, and how urgent it is.

    Attributes:
        deed: what a button says that leads there; empty: it is to be known, not done.
    """

    words: str
    link: str
    level: Level = "normal"
    deed: str = ""


@dataclass(frozen=True)
class Waiting:
    """What waits for this person's decision, at the sites where it is theirs to take.

    Attributes:
        worth: of the proposals, in the company's currency; None: some are in a currency without a rate.
        lapsing: proposals that nobody can approve any more by tonight; transfers_lapsing: the same of transfers.
    """

    proposals: int = 0
    suppliers: int = 0
    worth: Decimal | None = None
    lapsing: int = 0
    second_approvals: int = 0
    second_worth: Decimal = Decimal(0)
    counts: int = 0
    held: int = 0
    transfers: int = 0
    transfers_lapsing: int = 0


@dataclass(frozen=True)
class Work:
    """What there is to do on the floor and at the desk, for whoever may do it."""

    tasks: int = 0
    overdue: int = 0
    picks: int = 0
    shipments: int = 0
    packed: int = 0
    to_put_away: int = 0
    receipts_today: int = 0
    transfers_today: int = 0
    counts: int = 0


@dataclass(frozen=True)
class Risks:
    """What may go wrong, or has.

    Attributes:
        running_out: (item, first day by which it is more likely out than not) of items still there, the soonest first.
        fixed_by: how many (orders, transfers) the open proposals for them would become; `fixed`: for how many of them
            one is open.
        out: items that customers wait for and that are not there.
        risky: items that will probably run out within four weeks; `margin`: what is not earned then.
        too_much: items of which more is there or comes than sells in time; `too_much_worth`: what is there of it at
            cost.
    """

    running_out: tuple[tuple[str, date], ...] = ()
    fixed_by: tuple[int, int] = (0, 0)
    fixed: int = 0
    out: int = 0
    waiting_lines: int = 0
    cold_rooms: tuple[str, ...] = ()
    late_orders: int = 0
    late_shipments: int = 0
    expiring: int = 0
    expiring_worth: Decimal = Decimal(0)
    doubtful: int = 0
    risky: int = 0
    margin: Decimal = Decimal(0)
    too_much: int = 0
    too_much_worth: Decimal = Decimal(0)


@dataclass(frozen=True)
class Changes:
    """What changed between two instants; `others`: decisions of other people, (approved, rejected)."""

    sales: int = 0
    sold: Decimal = Decimal(0)
    receipts: int = 0
    alerts: int = 0
    others: tuple[int, int] = (0, 0)
    prices: int = 0
    imports: tuple[str, ...] = field(default_factory=tuple)


def count(number: int, one: str, many: str = "") -> str:
    """3 orders, 1 order; thousands are grouped."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def money(amount: Decimal, currency: str) -> str:
    """A round amount, as people say it: 1,230 EUR."""
    return f"{amount:,.0f} {currency}"


def by_urgency(lines: list[Line]) -> list[Line]:
    """What is dangerous first; equals as they were."""
    return sorted(lines, key=lambda line: _ORDER[line.level])


def _lapse(many: int) -> str:
    return f"; {many} {'lapses' if many == 1 else 'lapse'} tonight" if many else ""


def to_decide(it: Waiting, currency: str) -> list[Line]:
    lines = []
    if it.proposals:
        worth = "" if it.worth is None else f" for {money(it.worth, currency)}"
        words = f"{count(it.proposals, 'order line')} proposed{worth}, from {count(it.suppliers, 'supplier')}"
        level: Level = "attention" if it.lapsing else "normal"
        lines.append(Line(f"{words}{_lapse(it.lapsing)}", "/proposals", level, "Decide"))
    if it.transfers:
        words = f"{count(it.transfers, 'transfer')} between sites proposed{_lapse(it.transfers_lapsing)}"
        lines.append(Line(words, "/proposals#transfers", "attention" if it.transfers_lapsing else "normal", "Decide"))
    if it.second_approvals:
        words = (
            f"{count(it.second_approvals, 'order waits', 'orders wait')} for a second approval, "
            f"{money(it.second_worth, currency)}"
        )
        lines.append(Line(words, "/orders?show=drafts", "attention", "Look"))
    if it.counts:
        words = f"{count(it.counts, 'count')} found differences that somebody has to accept"
        lines.append(Line(words, "/counts", "attention", "Look"))
    if it.held:
        lines.append(
            Line(f"{count(it.held, 'lot is', 'lots are')} held until somebody decides", "/lots", "normal", "Look")
        )
    return by_urgency(lines)


def to_do(it: Work) -> list[Line]:
    lines = []
    if it.tasks:
        late = f"{it.overdue} overdue" if it.overdue else ""
        words = f"{count(it.tasks, 'task')} for you{', ' + late if late else ''}"
        lines.append(Line(words, "/inbox", "attention" if it.overdue else "normal", "Begin"))
    if it.picks:
        words = f"{count(it.picks, 'pick')} for {count(it.shipments, 'shipment')}"
        lines.append(Line(words, "/shipments", "normal", "Pick"))
    if it.packed:
        lines.append(Line(f"{count(it.packed, 'shipment')} packed, to be handed over", "/shipments", "normal", "Send"))
    if it.receipts_today:
        words = f"{count(it.receipts_today, 'delivery', 'deliveries')} expected today"
        lines.append(Line(words, "/orders", "normal", "Receive"))
    if it.transfers_today:
        words = f"{count(it.transfers_today, 'transfer')} expected today"
        lines.append(Line(words, "/transfers", "normal", "Receive"))
    if it.to_put_away:
        words = f"{count(it.to_put_away, 'position')} on the docks to put away"
        lines.append(Line(words, "/put-away", "normal", "Put away"))
    if it.counts:
        lines.append(Line(f"{count(it.counts, 'count')} to walk", "/counts", "normal", "Count"))
    return by_urgency(lines)


def at_risk(it: Risks, today: date, currency: str) -> list[Line]:
    lines = []
    if it.cold_rooms:
        verb = "is" if len(it.cold_rooms) == 1 else "are"
        lines.append(Line(f"{_few(it.cold_rooms)} {verb} outside the limit", "/inbox?show=all", "danger"))
    if it.out:
        waiting = count(it.waiting_lines, "order line waits", "order lines wait")
        words = f"{count(it.out, 'item')} ran out, and {waiting} for {'it' if it.out == 1 else 'them'}"
        lines.append(Line(words, "/sales?show=waiting", "danger"))
    if it.running_out:
        lines.append(Line(running_out(it, today), "/risk?show=soon", "attention"))
    if it.late_orders:
        words = f"{count(it.late_orders, 'order')} from suppliers should have come by now"
        lines.append(Line(words, "/orders?show=late", "attention"))
    if it.late_shipments:
        words = f"{count(it.late_shipments, 'shipment was', 'shipments were')} begun over a day ago and did not leave"
        lines.append(Line(words, "/shipments", "attention"))
    if it.expiring:
        worth = f", {money(it.expiring_worth, currency)} at cost" if it.expiring_worth else ""
        words = f"{count(it.expiring, 'lot')} can be sold for {EXPIRY_DAYS} more days at most{worth}"
        lines.append(Line(words, "/lots", "attention"))
    if it.doubtful:
        lines.append(Line(f"The books are in doubt for {count(it.doubtful, 'item')}", "/inbox?show=all", "attention"))
    if it.risky:
        worth = f"; {money(it.margin, currency)} of margin are at stake" if it.margin >= 1 else ""
        words = f"{count(it.risky, 'item')} will probably run out within four weeks if nobody orders{worth}"
        lines.append(Line(words, "/risk?show=likely"))
    if it.too_much:
        worth = f", {money(it.too_much_worth, currency)} at cost" if it.too_much_worth >= 1 else ""
        words = f"Of {count(it.too_much, 'item')} more is there or comes than will sell in time{worth}"
        lines.append(Line(words, "/excess"))
    return by_urgency(lines)


def running_out(it: Risks, today: date) -> str:
    """3 items will run out before Thursday; 2 proposed orders and 1 proposed transfer fix it."""
    number, last = len(it.running_out), max(day for _, day in it.running_out)
    named = it.running_out[0][0] if number == 1 else count(number, "item")
    said = f"{named} will probably run out by {_day(last, today)}"
    fixes = [count(n, f"proposed {what}") for n, what in zip(it.fixed_by, ("order", "transfer"), strict=True) if n]
    if not fixes:
        return f"{said}; nothing is proposed against it"
    verb = "fixes" if sum(it.fixed_by) == 1 else "fix"
    return f"{said}; {' and '.join(fixes)} {verb} {'it' if it.fixed >= number else f'{it.fixed} of them'}"


def since(it: Changes, currency: str) -> list[Line]:
    lines = []
    if it.alerts:
        lines.append(Line(f"{count(it.alerts, 'new alert')}", "/alerts"))
    if it.sales:
        words = f"{count(it.sales, 'order line')} taken, {money(it.sold, currency)}"
        lines.append(Line(words, "/sales"))
    if it.receipts:
        lines.append(Line(f"{count(it.receipts, 'receipt')} from suppliers", "/orders?show=all"))
    approved, rejected = it.others
    if approved or rejected:
        parts = [f"{count(approved, 'proposal')} approved"] if approved else []
        parts += [f"{count(rejected, 'proposal')} rejected"] if rejected else []
        lines.append(Line(f"{' and '.join(parts)} by others", "/proposals"))
    if it.prices:
        words = f"Prices of suppliers changed {count(it.prices, 'time')}"
        lines.append(Line(words, "/suppliers"))
    if it.imports:
        lines.append(Line(f"Imported: {_few(it.imports)}", "/import"))
    return lines


def _few(names: tuple[str, ...]) -> str:
    shown, more = names[:3], len(names) - 3
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _day(day: date, today: date) -> str:
    if day <= today:
        return "tonight"
    return "tomorrow" if day == today + timedelta(days=1) else f"{day:%A}"
