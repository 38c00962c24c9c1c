-- What devices said, summed up by hours, and where archived days are kept.

-- Finds the rows of a stretch of time within a day's partition, at next to no cost for whoever writes.
create index reading_when on reading using brin (observed_at) with (pages_per_range = 16, autosummarize = on);

-- One row for each device, kind and hour: always what the readings say that are stored, late ones too.
create table reading_hour (
    tenant_id int not null,
    device text not null,
    kind text not null,
    starts_at timestamptz not null,
    readings bigint not null,
    -- How many of them have a value, and what those come to; null where none has.
    measured bigint not null,
    low double precision,
    high double precision,
    total double precision,
    last double precision,
    last_at timestamptz not null,
    primary key (tenant_id, device, kind, starts_at)
);

-- The same by five minutes, of measured kinds and days that are not closed: for the chart of a day.
create table reading_spell (like reading_hour including all);

-- Hours whose sum is still to be made, or to be made again because a reading came late. Until then they are answered
-- from the readings themselves.
create table reading_hour_due (
    tenant_id int not null,
    starts_at timestamptz not null,
    device text not null,
    kind text not null,
    primary key (tenant_id, device, kind, starts_at)
);
create index on reading_hour_due (tenant_id, starts_at);

-- Days whose readings lie in a file, sorted by device, kind and time. What comes later for such a day lies in a
-- partition again until it is merged into a new file.
create table reading_day (
    tenant_id int not null references tenant,
    -- UTC, as partitions are.
    day date not null,
    file text not null,
    sha256 text not null,
    size bigint not null,
    -- Readings by kind, of those kinds that are kept still.
    kinds jsonb not null,
    closed_at timestamptz not null,
    primary key (tenant_id, day)
);

-- For how long the readings of a kind are kept one by one; their sums by the hour are kept for ever.
create table reading_kept (
    tenant_id int not null references tenant,
    kind text not null,
    -- Null: for ever.
    days int check (days > 0),
    primary key (tenant_id, kind)
);

-- When we heard that an excursion lasted for its delay, and whether the alarm was given as of now: of what is told late,
-- people hear as of the past.
alter table excursion add column told_at timestamptz, add column alarmed boolean not null default false;
update excursion set told_at = confirmed_at, alarmed = true where confirmed_at is not null;

-- Whoever reads on in the readings does not wait for transactions that said that they write none. So they must not.
create function refuse_aside() returns trigger language plpgsql as $$
begin
    if current_setting('application_name') = 'shelfwise-aside' then
        raise exception 'a transaction that stands aside wrote a reading, which nobody would hear of';
    end if;
    return null;
end $$;
create trigger reading_not_aside before insert on reading for each statement execute function refuse_aside();
