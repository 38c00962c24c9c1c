"""SQL of excursions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.types.json import Jsonb

from shelfwise.condition.model import Limit, Reading, Spell, State
from shelfwise.edge.health.tables import DOUBTED
from shelfwise.edge.standing import covers
from shelfwise.store.database import Tx, rows, run, value, values

Key = tuple[int, str]


@dataclass(frozen=True)
class Watched:
    """A zone in which a device stands or stood from `from_at` (None: ever since) until `until_at`, and its limit."""

    device: str
    from_at: datetime | None
    until_at: datetime | None
    zone_id: int
    name: str
    time_zone: str
    low_degc: float | None
    high_degc: float | None
    delay: timedelta

    @property
    def limit(self) -> Limit:
        return Limit(self.low_degc, self.high_degc, self.delay)

    def covers(self, at: datetime) -> bool:
        """Whether the device stood there at that instant."""
        return covers(self.from_at, self.until_at, at)

    @property
    def limited(self) -> bool:
        return self.low_degc is not None or self.high_degc is not None


@dataclass(frozen=True)
class Excursion:
    """A time in which a zone was outside its limit; `confirmed_at` is None where it did not last for the delay (yet).

    `ended_at` is None while it lasts; `worst_degc` is the temperature furthest outside.
    """

    excursion_id: int
    zone_id: int
    zone: str
    device: str
    started_at: datetime
    confirmed_at: datetime | None
    ended_at: datetime | None
    worst_degc: float
    last_observed_at: datetime


@dataclass(frozen=True)
class ZoneState:
    """A zone of the floor, its limit, and the temperature in it; None: unknown.

    Attributes:
        device: the one that spoke last.
        degc: the middle of what those say that spoke lately, without those in doubt where others are left.
        sensors: how many that is.
        doubted: they are all in doubt.
        excursion: 'confirmed', 'pending' (outside, but not yet for the delay) or None.
        since: when the excursion began.
    """

    zone_id: int
    code: str
    name: str
    kind: str
    x_m: float
    y_m: float
    width_m: float
    depth_m: float
    low_degc: float | None
    high_degc: float | None
    device: str | None
    degc: float | None
    observed_at: datetime | None
    sensors: int
    doubted: bool
    excursion: str | None
    since: datetime | None


@dataclass(frozen=True)
class Thermometer:
    """A thermometer and the newest it said; `doubted`: by how it compares with others and with itself."""

    device: str
    degc: float
    observed_at: datetime
    doubted: bool


# As old as the newest of a zone another reading may be to count beside it.
FRESH = timedelta(minutes=30)
# The thermometers that stand in a zone `s.zone_id`, with what each said last there.
_THERMOMETERS = f"""
    select l.device, l.value, l.observed_at, max(l.observed_at) over () as newest, {DOUBTED} as doubted
    from standing s join device d on d.tenant_id = s.tenant_id and d.device = s.device and d.active
    join device_latest l on l.tenant_id = s.tenant_id and l.device = s.device and l.kind = 'temperature'
        and l.value is not null and (s.from_at is null or l.observed_at >= s.from_at)
    where s.tenant_id = %(tenant)s and s.until_at is null and s.antenna = 0"""
_EXCURSION = """select excursion_id, zone_id, name as zone, device, started_at, confirmed_at, ended_at, worst_degc,
        last_observed_at
    from excursion join zone using (tenant_id, zone_id)"""


def watched(tx: Tx, tenant: int, devices: Collection[str]) -> dict[str, list[Watched]]:
    """The zones in which devices stand or stood, the newest last."""
    found: dict[str, list[Watched]] = {}
    for one in rows(
        tx,
        Watched,
        """select t.device, t.from_at, t.until_at, z.zone_id, z.name, s.time_zone, z.low_degc, z.high_degc, z.delay
           from standing t
           join zone z on z.tenant_id = t.tenant_id and z.zone_id = t.zone_id
           join site s on s.tenant_id = z.tenant_id and s.site_id = z.site_id
           where t.tenant_id = %s and t.device = any(%s::text[]) and t.antenna = 0
           order by t.from_at nulls first""",
        (tenant, list(devices)),
    ):
        found.setdefault(one.device, []).append(one)
    return found


def states(tx: Tx, tenant: int, devices: Collection[str]) -> dict[Key, tuple[int | None, State]]:
    """By (zone, device): the open excursion, if there is one, and how far all was judged. Locked."""
    found: dict[Key, tuple[int | None, State]] = {
        (zone_id, device): (None, State(last))
        for zone_id, device, last in values(
            tx,
            """select zone_id, device, last_observed_at from condition_watch
               where tenant_id = %s and device = any(%s::text[]) order by zone_id, device for update""",
            (tenant, list(devices)),
        )
    }
    for zone_id, device, number, started, confirmed, worst, last, readings in values(
        tx,
        """select zone_id, device, excursion_id, started_at, confirmed_at, worst_degc, last_observed_at, readings
           from excursion where tenant_id = %s and device = any(%s::text[]) and ended_at is null for update""",
        (tenant, list(devices)),
    ):
        evidence = tuple(Reading(datetime.fromisoformat(at), degc) for at, degc in readings)
        found[zone_id, device] = (number, State(last, started, confirmed, worst, evidence))
    return found


def remember_judged(tx: Tx, tenant: int, judged: Mapping[Key, datetime]) -> None:
    run(
        tx,
        """insert into condition_watch (tenant_id, zone_id, device, last_observed_at)
           select %s, u.* from unnest(%s::bigint[], %s::text[], %s::timestamptz[]) u
           on conflict (tenant_id, zone_id, device) do update set last_observed_at = excluded.last_observed_at""",
        (tenant, [zone for zone, _ in judged], [device for _, device in judged], list(judged.values())),
    )


def insert_excursion(tx: Tx, tenant: int, key: Key, state: State, ended_at: datetime | None = None) -> int:
    return int(
        value(
            tx,
            """insert into excursion (tenant_id, zone_id, device, started_at, confirmed_at, worst_degc,
                                      last_observed_at, readings, ended_at)
               values (%s, %s, %s, %s, %s, %s, %s, %s, %s) returning excursion_id""",
            (
                tenant, *key, state.started_at, state.confirmed_at, state.worst, state.last_observed_at,
                Jsonb(_as_json(state)), ended_at,
            ),
        )
    )  # fmt: skip


def update_excursion(tx: Tx, tenant: int, excursion_id: int, state: State) -> None:
    run(
        tx,
        """update excursion set confirmed_at = %s, worst_degc = %s, last_observed_at = %s, readings = %s
           where tenant_id = %s and excursion_id = %s""",
        (
            state.confirmed_at, state.worst, state.last_observed_at, Jsonb(_as_json(state)), tenant, excursion_id,
        ),
    )  # fmt: skip


def end_excursion(tx: Tx, tenant: int, excursion_id: int, ended_at: datetime) -> None:
    run(
        tx,
        """update excursion set ended_at = greatest(%s, started_at), last_observed_at = greatest(%s, last_observed_at)
           where tenant_id = %s and excursion_id = %s""",
        (ended_at, ended_at, tenant, excursion_id),
    )


@dataclass(frozen=True)
class Known:
    """An excursion as it is stored; `alarmed`: the alarm was given as of now."""

    excursion_id: int
    started_at: datetime
    confirmed_at: datetime | None
    ended_at: datetime | None
    alarmed: bool

    def covers(self, at: datetime) -> bool:
        return self.started_at <= at and (self.ended_at is None or at <= self.ended_at)


def known_since(tx: Tx, tenant: int, key: Key, since: datetime) -> list[Known]:
    """Excursions of a device in a zone that lasted until `since` or began later, oldest first. Locked."""
    return rows(
        tx,
        Known,
        """select excursion_id, started_at, confirmed_at, ended_at, alarmed from excursion
           where tenant_id = %s and zone_id = %s and device = %s and (ended_at is null or ended_at >= %s)
           order by started_at for update""",
        (tenant, *key, since),
    )


def rewrite_excursion(tx: Tx, tenant: int, excursion_id: int, spell: Spell) -> None:
    state = spell.state
    run(
        tx,
        """update excursion set started_at = %s, confirmed_at = %s, worst_degc = %s, last_observed_at = %s,
               readings = %s, ended_at = %s where tenant_id = %s and excursion_id = %s""",
        (
            state.started_at, state.confirmed_at, state.worst, spell.ended_at or state.last_observed_at,
            Jsonb(_as_json(state)), spell.ended_at, tenant, excursion_id,
        ),
    )  # fmt: skip


def remove_excursions(tx: Tx, tenant: int, excursion_ids: Collection[int]) -> None:
    run(
        tx,
        "delete from excursion where tenant_id = %s and excursion_id = any(%s)",
        (tenant, list(excursion_ids)),
    )


def note_told(tx: Tx, tenant: int, excursion_id: int, told_at: datetime) -> None:
    """When we first heard that it was confirmed."""
    run(
        tx,
        """update excursion set told_at = coalesce(told_at, %s) where tenant_id = %s and excursion_id = %s""",
        (told_at, tenant, excursion_id),
    )


def note_alarmed(tx: Tx, tenant: int, excursion_id: int) -> None:
    run(
        tx,
        "update excursion set alarmed = true where tenant_id = %s and excursion_id = %s",
        (tenant, excursion_id),
    )


def is_alarmed(tx: Tx, tenant: int, excursion_id: int) -> bool:
    return bool(
        value(
            tx,
            "select alarmed from excursion where tenant_id = %s and excursion_id = %s",
            (tenant, excursion_id),
        )
    )


def confirmed_elsewhere(tx: Tx, tenant: int, zone_id: int) -> bool:
    """Whether a confirmed excursion of the zone is still open."""
    return bool(
        value(
            tx,
            """select exists (select from excursion where tenant_id = %s and zone_id = %s and ended_at is null
                              and confirmed_at is not null and alarmed)""",
            (tenant, zone_id),
        )
    )


def site_of_zone(tx: Tx, tenant: int, zone_id: int) -> int | None:
    found: int | None = value(tx, "select site_id from zone where tenant_id = %s and zone_id = %s", (tenant, zone_id))
    return found


def open_excursions(tx: Tx, tenant: int, sites: list[int] | None) -> list[Excursion]:
    """Of these sites; None: of all."""
    return rows(
        tx,
        Excursion,
        f"""{_EXCURSION} where tenant_id = %s and ended_at is null
            and (%s::bigint[] is null or site_id = any(%s)) order by started_at""",
        (tenant, sites, sites),
    )


def excursions(tx: Tx, tenant: int, zone_id: int, since: datetime) -> list[Excursion]:
    return rows(
        tx,
        Excursion,
        f"""{_EXCURSION} where tenant_id = %s and zone_id = %s and (ended_at is null or ended_at >= %s)
            order by started_at""",
        (tenant, zone_id, since),
    )


def zone_states(tx: Tx, tenant: int, site_id: int, now: datetime) -> list[ZoneState]:
    return rows(
        tx,
        ZoneState,
        f"""select z.zone_id, z.code, z.name, z.kind, z.x_m, z.y_m, z.width_m, z.depth_m, z.low_degc, z.high_degc,
                  t.device, t.degc, t.observed_at, coalesce(t.sensors, 0) as sensors,
                  coalesce(t.doubted, false) as doubted,
                  case when e.confirmed then 'confirmed' when e.since is not null then 'pending' end as excursion,
                  e.since
           from zone z
           left join lateral (
               select (array_agg(device order by observed_at desc, device))[1] as device,
                      percentile_cont(0.5) within group (order by value) as degc,
                      max(observed_at) as observed_at, count(*) as sensors, bool_and(doubted) as doubted
               from (select *, bool_and(doubted) over () as all_doubted from ({_THERMOMETERS}
                       and s.zone_id = z.zone_id) all_here where observed_at > newest - %(fresh)s) fresh
               where all_doubted or not doubted) t on true
           left join lateral (
               select min(started_at) as since, bool_or(confirmed_at is not null) as confirmed from excursion x
               where x.tenant_id = z.tenant_id and x.zone_id = z.zone_id and x.ended_at is null) e on true
           where z.tenant_id = %(tenant)s and z.site_id = %(site)s order by z.code""",
        {"tenant": tenant, "site": site_id, "now": now, "fresh": FRESH},
    )


def thermometers(tx: Tx, tenant: int, zone_id: int, now: datetime) -> list[Thermometer]:
    """Those that stand in a zone, with the newest each said."""
    return rows(
        tx,
        Thermometer,
        f"select device, value as degc, observed_at, doubted from ({_THERMOMETERS} and s.zone_id = %(zone)s) t",
        {"tenant": tenant, "zone": zone_id, "now": now},
    )


def confirmed_devices(tx: Tx, tenant: int, zone_id: int) -> set[str]:
    """Whose confirmed excursions of the zone are still open."""
    found = values(
        tx,
        """select device from excursion where tenant_id = %s and zone_id = %s and ended_at is null
           and confirmed_at is not null""",
        (tenant, zone_id),
    )
    return {device for (device,) in found}


def _as_json(state: State) -> list[list[object]]:
    return [[one.observed_at.isoformat(), one.degc] for one in state.readings]
