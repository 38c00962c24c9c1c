"""Eight writers with lots, holds, reversals and expiry at once: nothing is lost and nothing is promised twice."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date
from decimal import Decimal

from shelfwise.access.context import Context, Office
from shelfwise.core.errors import Refused
from shelfwise.stock import service
from shelfwise.stock.model import NewMovement
from shelfwise.store.database import value, values
from tests.stock.house import MANAGER, build_house
from tests.stock.test_lots import stock_up
from tests.stock.test_writers import WRITERS, invariants, together

ROUNDS = 15


def test_eight_writers_pick_hold_reverse_reserve_and_let_expire(office: Office) -> None:
    rng = random.Random(5)
    with office.context(MANAGER) as ctx:
        house = build_house(ctx)
        for lot, day in (("A", date(2026, 4, 1)), ("B", date(2026, 5, 1)), ("OVER", date(2026, 3, 2))):
            stock_up(ctx, house, lot, "200", "A-1", day)
        lines = [house.sell(ctx, f"s{number}", str(rng.randint(1, 5))) for number in range(60)]
    kinds = [
        rng.choice(["pick", "issue", "hold", "move", "reserve", "reverse", "batch", "expire", "new"])
        for _ in range(200)
    ]
    done: Counter[str] = Counter()

    def work(ctx: Context, step: int) -> None:
        kind = kinds[step]
        place = house.place
        match kind:
            case "pick":
                service.post(
                    ctx, NewMovement(house.mug, place["A-1"], place["CUSTOMER"], Decimal(3), "pick", source=f"p{step}")
                )
            case "issue":
                service.issue(ctx, lines[step % len(lines)], [(place["A-1"], Decimal(1))], f"i{step}")
            case "hold":
                service.hold(
                    ctx,
                    item_id=house.mug,
                    place_id=place["A-1"],
                    quantity=Decimal(2),
                    reason="looks odd",
                    status="hold",
                )
            case "move":
                service.post(ctx, NewMovement(house.mug, place["A-1"], place["DOCK"], Decimal(2), "move"))
            case "reserve":
                service.reserve_open(ctx, house.site_id)
            case "reverse":
                wrong = value(ctx.tx, "select max(movement_id) from movement where reason = 'pick' and part_of is null")
                if wrong is not None:
                    service.reverse(ctx, wrong, "mistake")
            case "batch":
                batch = value(ctx.tx, "select max(batch_id) from movement_batch where kind = 'move'")
                if batch is not None:
                    service.reverse_batch(ctx, batch, "mistake")
            case "expire":
                service.expire_lots(ctx, house.site_id)
            case _:
                stock_up(ctx, house, f"N{step % 3}", "2", "DOCK")
        done[kind] += 1

    errors = together(office, work, ROUNDS)
    # Two may take back the same movement; one of them is told so. Nothing else may go wrong.
    assert {type(error) for error in errors} <= {Refused}
    assert len(errors) < WRITERS * ROUNDS / 2
    assert {"pick", "issue", "hold", "move", "reserve", "expire", "new"} <= done.keys()
    with office.context(MANAGER) as ctx:
        invariants(ctx, house)
        assert values(ctx.tx, "select 1 from stock_level where reserved > on_hand - blocked") == []
        picked = value(ctx.tx, "select count(*) from movement where reason = 'pick' and part_of is null")
        assert picked == done["pick"] + done["issue"]
