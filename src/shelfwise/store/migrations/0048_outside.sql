-- Figures from outside, such as weather and prices, each value kept as it was known at the time.

create table outside_series (
    tenant_id int not null,
    series_id bigint generated always as identity,
    name text not null check (name <> ''),
    -- Null: of the whole company.
    site_id bigint,
    unit text not null,
    frequency text not null check (frequency in ('day', 'week', 'month')),
    kind text not null check (kind in ('weather', 'economy', 'event', 'other')),
    -- A value is told before its period begins, as in a calendar of holidays.
    ahead boolean not null,
    -- How many days after its period a value is usually published.
    lag_days int not null check (lag_days between 0 and 366),
    active boolean not null default true,
    -- When the first value was told; null: none was.
    followed_since timestamptz,
    primary key (tenant_id, series_id),
    unique nulls not distinct (tenant_id, site_id, name),
    foreign key (tenant_id, site_id) references site
);

-- A revision is a new row. Of the rows of a period that are known at an instant, the one known last counts, and of
-- equals the one told last.
create table outside_value (
    tenant_id int not null,
    value_id bigint generated always as identity,
    series_id bigint not null,
    -- The first day of the day, week or month.
    period date not null,
    -- Null: what was told of the period is withdrawn.
    value double precision check (value between -1e12 and 1e12),
    -- From when on it counts as known, and when it was told here; both in business time.
    known_at timestamptz not null,
    told_at timestamptz not null check (told_at >= known_at),
    primary key (tenant_id, value_id),
    foreign key (tenant_id, series_id) references outside_series
);
create index on outside_value (tenant_id, series_id, period);

create function outside_values_are_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'Values from outside are never changed or deleted: tell a new one.';
end $$;
create trigger outside_value_append_only before update or delete or truncate on outside_value
    for each statement execute function outside_values_are_append_only();

-- Where a series is fetched from. Times are of the wall clock.
create table outside_feed (
    tenant_id int not null,
    series_id bigint not null,
    -- May hold a key: shown to those who may change it, else its host alone.
    url text not null,
    format text not null check (format in ('json', 'csv')),
    -- Where the answer has the dates and the values: a path, or the heading of a column.
    date_at text not null,
    value_at text not null,
    -- A header that the source wants to see; its content is in outside_feed_secret.
    header text,
    added_at timestamptz not null,
    next_at timestamptz not null,
    tried_at timestamptz,
    succeeded_at timestamptz,
    -- What went wrong at the last attempt, in words; null: nothing.
    trouble text,
    primary key (tenant_id, series_id),
    foreign key (tenant_id, series_id) references outside_series on delete cascade
);
create index on outside_feed (tenant_id, next_at);

-- Apart, so that nothing that is shown is read from here.
create table outside_feed_secret (
    tenant_id int not null,
    series_id bigint not null,
    content text not null,
    primary key (tenant_id, series_id),
    foreign key (tenant_id, series_id) references outside_feed on delete cascade
);
