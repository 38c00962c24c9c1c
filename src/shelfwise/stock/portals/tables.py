"""SQL of portals: sightings that are not judged yet, passes, and the loads they belong to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from psycopg.types.json import Jsonb

from shelfwise.stock.portals.model import AGAIN, LOAD_PAUSE, Course, Read, Sighting, Verdict
from shelfwise.store.database import Tx, first, rows, run, value, values

# A door and a tag.
Key = tuple[int, str]
WEAKEST_DBM = -70.0


@dataclass(frozen=True)
class Load:
    """Tags that passed a door one after the other. `door` and `site` are codes.

    Attributes:
        purchase_order_id, shipment_id, transfer_id: what it was booked as; `number`: its number.
        state: 'open', 'booked' or 'rejected'.
    """

    load_id: int
    site_id: int
    site: str
    place_id: int
    door: str
    way: Course
    first_at: datetime
    last_at: datetime
    purchase_order_id: int | None
    shipment_id: int | None
    transfer_id: int | None
    number: str | None
    state: str
    decided_at: datetime | None
    decided_by: str | None
    note: str
    tags: int


@dataclass(frozen=True)
class Passed:
    """A tag of a load; `before`: it was booked the same way before, and has not gone the other way since."""

    epc: str
    passed_at: datetime
    reads: int
    strongest_dbm: float | None
    before: bool


@dataclass(frozen=True)
class DoorState:
    """A place at which antennas watch who comes and goes."""

    place_id: int
    code: str
    site_id: int
    site: str
    policy: str
    weakest_dbm: float
    antennas: int
    last_at: datetime | None
    waiting: int


_LOAD = """select l.load_id, l.site_id, s.code as site, l.place_id, p.code as door, l.way, l.first_at, l.last_at,
        l.purchase_order_id, l.shipment_id, l.transfer_id, coalesce(o.number, h.number, f.number) as number,
        l.state, l.decided_at, l.decided_by, l.note,
        (select count(*) from portal_pass x where x.tenant_id = l.tenant_id and x.load_id = l.load_id) as tags
    from portal_load l
    join site s on s.tenant_id = l.tenant_id and s.site_id = l.site_id
    join place p on p.tenant_id = l.tenant_id and p.place_id = l.place_id
    left join purchase_order o on o.tenant_id = l.tenant_id and o.purchase_order_id = l.purchase_order_id
    left join shipment h on h.tenant_id = l.tenant_id and h.shipment_id = l.shipment_id
    left join transfer f on f.tenant_id = l.tenant_id and f.transfer_id = l.transfer_id"""


def sightings(tx: Tx, tenant: int, keys: Collection[Key]) -> dict[Key, Sighting]:
    """Those of the doors and tags, locked."""
    found = values(
        tx,
        """select s.place_id, s.epc, s.reads, s.first_at, s.last_at from portal_sighting s
           join unnest(%s::bigint[], %s::text[]) k (place_id, epc) using (place_id, epc)
           where s.tenant_id = %s order by s.place_id, s.epc for update of s""",
        ([place for place, _ in keys], [epc for _, epc in keys], tenant),
    )
    return {(place, epc): _sighting(*rest) for place, epc, *rest in found}


def _sighting(reads: list[list[object]], first_at: datetime, last_at: datetime) -> Sighting:
    return Sighting(
        tuple(Read(datetime.fromtimestamp(at, UTC), side, dbm) for at, side, dbm in reads),  # type: ignore[arg-type]
        first_at,
        last_at,
    )


def put_sightings(tx: Tx, tenant: int, seen: Mapping[Key, tuple[Sighting, datetime]]) -> None:
    """Keep what is not judged yet; each with when its newest read came in."""
    with tx.cursor() as cursor:
        cursor.executemany(
            """insert into portal_sighting as s (tenant_id, place_id, epc, reads, first_at, last_at, received_at)
               values (%s, %s, %s, %s, %s, %s, %s)
               on conflict (tenant_id, place_id, epc) do update
               set reads = excluded.reads, first_at = excluded.first_at, last_at = excluded.last_at,
                   received_at = greatest(s.received_at, excluded.received_at)""",
            [
                (
                    tenant, place, epc, Jsonb([[one.at.timestamp(), one.side, one.dbm] for one in sighting.reads]),
                    sighting.first_at, sighting.last_at, received_at,
                )
                for (place, epc), (sighting, received_at) in sorted(seen.items(), key=lambda one: one[0])
            ],
        )  # fmt: skip


def quiet_sightings(tx: Tx, tenant: int, until: datetime, limit: int) -> dict[Key, tuple[Sighting, datetime]]:
    """Those of which nothing came in since, with when the newest read came; locked."""
    found = values(
        tx,
        """select place_id, epc, received_at, reads, first_at, last_at from portal_sighting
           where tenant_id = %s and received_at <= %s and reads <> '[]'
           order by place_id, epc limit %s for update skip locked""",
        (tenant, until, limit),
    )
    return {(place, epc): (_sighting(*rest), came) for place, epc, came, *rest in found}


def set_judged(tx: Tx, tenant: int, keys: Collection[Key], forget: datetime) -> None:
    """Their reads are judged; that they were there is remembered for a while, of tags that lie near the door.

    Args:
        forget: of what came in before, nothing is remembered.
    """
    run(
        tx,
        """update portal_sighting s set reads = '[]' from unnest(%s::bigint[], %s::text[]) k (place_id, epc)
           where s.tenant_id = %s and s.place_id = k.place_id and s.epc = k.epc""",
        ([place for place, _ in keys], [epc for _, epc in keys], tenant),
    )
    run(
        tx,
        "delete from portal_sighting where tenant_id = %s and reads = '[]' and received_at < %s",
        (tenant, forget),
    )


def weakest(tx: Tx, tenant: int, place_ids: Collection[int]) -> dict[int, float]:
    found = values(
        tx,
        "select place_id, weakest_dbm from portal_door where tenant_id = %s and place_id = any(%s::bigint[])",
        (tenant, list(place_ids)),
    )
    told: dict[int, float] = dict(found)
    return {place: told.get(place, WEAKEST_DBM) for place in place_ids}


def note_pass(tx: Tx, tenant: int, key: Key, verdict: Verdict, noted_at: datetime) -> int | None:
    """A tag passed: it joins the open load of its time, or begins one; None: it is still on the same way through."""
    place_id, epc = key
    if value(
        tx,
        """select 1 from portal_pass where tenant_id = %s and place_id = %s and epc = %s and way = %s
             and passed_at between %s and %s limit 1""",
        (tenant, place_id, epc, verdict.course, verdict.at - AGAIN, verdict.at + AGAIN),
    ):
        return None
    load_id: int | None = value(
        tx,
        """update portal_load set first_at = least(first_at, %(at)s), last_at = greatest(last_at, %(at)s)
           where tenant_id = %(tenant)s and load_id = (
               select load_id from portal_load where tenant_id = %(tenant)s and place_id = %(place)s and way = %(way)s
                 and state = 'open' and %(at)s between first_at - %(pause)s and last_at + %(pause)s
               order by last_at desc limit 1)
           returning load_id""",
        {"at": verdict.at, "tenant": tenant, "place": place_id, "way": verdict.course, "pause": LOAD_PAUSE},
    )
    if load_id is None:
        load_id = value(
            tx,
            """insert into portal_load (tenant_id, site_id, place_id, way, first_at, last_at)
               select tenant_id, site_id, place_id, %(way)s, %(at)s, %(at)s from place
               where tenant_id = %(tenant)s and place_id = %(place)s returning load_id""",
            {"at": verdict.at, "tenant": tenant, "place": place_id, "way": verdict.course},
        )
    added = run(
        tx,
        """insert into portal_pass (tenant_id, load_id, place_id, epc, way, passed_at, noted_at, reads, strongest_dbm)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict (tenant_id, load_id, epc) do nothing""",
        (
            tenant, load_id, place_id, epc, verdict.course, verdict.at, noted_at, verdict.reads,
            verdict.strongest_dbm,
        ),
    )  # fmt: skip
    return load_id if added else None


def load(tx: Tx, tenant: int, load_id: int) -> Load | None:
    return first(tx, Load, f"{_LOAD} where l.tenant_id = %s and l.load_id = %s", (tenant, load_id))


def lock_load(tx: Tx, tenant: int, load_id: int) -> None:
    run(tx, "select 1 from portal_load where tenant_id = %s and load_id = %s for update", (tenant, load_id))


def loads(tx: Tx, tenant: int, sites: list[int] | None, limit: int) -> list[Load]:
    """The open ones first, then the newest."""
    return rows(
        tx,
        Load,
        f"""{_LOAD} where l.tenant_id = %s and (%s::bigint[] is null or l.site_id = any(%s))
            order by l.state <> 'open', l.last_at desc, l.load_id desc limit %s""",
        (tenant, sites, sites, limit),
    )


def passes(tx: Tx, tenant: int, load_id: int) -> list[Passed]:
    """The tags of a load, in the order in which they passed."""
    return rows(
        tx,
        Passed,
        """select x.epc, x.passed_at, x.reads, x.strongest_dbm, coalesce((
               select y.booked and y.way = x.way from portal_pass y
               join portal_load m on m.tenant_id = y.tenant_id and m.load_id = y.load_id
               where y.tenant_id = x.tenant_id and y.epc = x.epc and y.load_id <> x.load_id and m.site_id = l.site_id
                 and y.passed_at <= x.passed_at and (y.booked or y.way <> x.way)
               order by y.passed_at desc limit 1), false) as before
           from portal_pass x join portal_load l on l.tenant_id = x.tenant_id and l.load_id = x.load_id
           where x.tenant_id = %s and x.load_id = %s order by x.passed_at, x.epc""",
        (tenant, load_id),
    )


def decide(
    tx: Tx, tenant: int, load_id: int, state: str, at: datetime, by: str, note: str, document: tuple[str, int] | None
) -> None:
    """Args: document: ('purchase_order', id) and the like: what it was booked as."""
    column = f", {document[0]}_id = {int(document[1])}" if document else ""
    run(
        tx,
        f"""update portal_load set state = %s, decided_at = %s, decided_by = %s, note = %s{column}
            where tenant_id = %s and load_id = %s""",
        (state, at, by, note, tenant, load_id),
    )


def mark_booked(tx: Tx, tenant: int, load_id: int, epcs: Collection[str]) -> None:
    run(
        tx,
        "update portal_pass set booked = true where tenant_id = %s and load_id = %s and epc = any(%s::text[])",
        (tenant, load_id, list(epcs)),
    )


def doors(tx: Tx, tenant: int, sites: list[int] | None, place_id: int | None = None) -> list[DoorState]:
    """Places at which antennas watch now, and those at which something passed once."""
    return rows(
        tx,
        DoorState,
        """select p.place_id, p.code, p.site_id, s.code as site, coalesce(d.policy, 'suggest') as policy,
                  coalesce(d.weakest_dbm, %(weakest)s) as weakest_dbm,
                  (select count(*) from standing t where t.tenant_id = p.tenant_id and t.place_id = p.place_id
                      and t.way is not null and t.until_at is null) as antennas,
                  (select max(l.last_at) from portal_load l
                      where l.tenant_id = p.tenant_id and l.place_id = p.place_id) as last_at,
                  (select count(*) from portal_load l where l.tenant_id = p.tenant_id and l.place_id = p.place_id
                      and l.state = 'open') as waiting
           from place p join site s on s.tenant_id = p.tenant_id and s.site_id = p.site_id
           left join portal_door d on d.tenant_id = p.tenant_id and d.place_id = p.place_id
           where p.tenant_id = %(tenant)s and p.kind = 'dock' and not p.archived
             and (%(sites)s::bigint[] is null or p.site_id = any(%(sites)s))
             and (%(place)s::bigint is null or p.place_id = %(place)s)
           order by s.code, p.code""",
        {"tenant": tenant, "sites": sites, "place": place_id, "weakest": WEAKEST_DBM},
    )


def set_door(tx: Tx, tenant: int, place_id: int, policy: str, weakest_dbm: float) -> None:
    run(
        tx,
        """insert into portal_door (tenant_id, place_id, policy, weakest_dbm) values (%s, %s, %s, %s)
           on conflict (tenant_id, place_id) do update
           set policy = excluded.policy, weakest_dbm = excluded.weakest_dbm""",
        (tenant, place_id, policy, weakest_dbm),
    )


def not_judged(tx: Tx, tenant: int, place_id: int, since: timedelta, now: datetime) -> int:
    """How many tags are being read at a door right now."""
    return int(
        value(
            tx,
            """select count(*) from portal_sighting
               where tenant_id = %s and place_id = %s and received_at > %s and reads <> '[]'""",
            (tenant, place_id, now - since),
        )
    )
