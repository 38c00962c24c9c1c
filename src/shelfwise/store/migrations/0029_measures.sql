-- What Shelfwise brought: figures by day, what was before, what was predicted, and what a person has seen.
-- What keeping stock costs: a year's share of its value. Null: nobody said.
alter table tenant add column carrying_rate numeric check (carrying_rate >= 0 and carrying_rate <= 10);

-- One figure of a site on one of its days, as it was known in the night after. A day without a row is unknown.
create table kpi_day (
    tenant_id int not null,
    site_id bigint not null,
    day date not null,
    metric text not null,
    -- The figure is part / whole; where whole is null, part. Weeks are summed from these, never from shares of days.
    part numeric not null,
    whole numeric check (whole > 0),
    -- How many items, lines, places or goods it stands on.
    n int not null check (n >= 0),
    how text not null check (how in ('measured', 'estimated')),
    -- What it leaves out, and why.
    missing jsonb not null default '{}',
    recorded_at timestamptz not null,
    primary key (tenant_id, site_id, metric, day),
    foreign key (tenant_id, site_id) references site
);
create index on kpi_day (tenant_id, day);

-- What the business says that it measured before; the newest word about a figure of a site counts.
create table kpi_told (
    tenant_id int not null,
    told_id bigint generated always as identity,
    site_id bigint not null,
    metric text not null,
    value numeric not null,
    from_day date not null,
    until_day date not null check (until_day >= from_day),
    source text not null check (source <> ''),
    told_by text not null,
    told_at timestamptz not null,
    primary key (tenant_id, told_id),
    foreign key (tenant_id, site_id) references site
);
create index on kpi_told (tenant_id, site_id, metric, told_id);

-- Until when a site ran without the decisions of Shelfwise: fixed once, so that "before" cannot be chosen afterwards.
create table baseline (
    tenant_id int not null,
    site_id bigint not null,
    from_day date not null,
    until_day date not null,
    why text not null,
    fixed_at timestamptz not null,
    primary key (tenant_id, site_id),
    foreign key (tenant_id, site_id) references site
);

create function figures_are_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'figures are never changed or deleted once recorded';
end $$;
-- What was estimated from history is estimated anew when history grows, until "before" is fixed.
create function measured_figures_are_append_only() returns trigger language plpgsql as $$
begin
    if old.how = 'measured' or exists (select from baseline b where b.tenant_id = old.tenant_id
                                       and b.site_id = old.site_id) then
        raise exception 'figures are never changed or deleted once recorded';
    end if;
    return old;
end $$;
create trigger kpi_day_append_only before update or delete on kpi_day
    for each row execute function measured_figures_are_append_only();
create trigger kpi_day_is_not_emptied before truncate on kpi_day
    for each statement execute function figures_are_append_only();
create trigger kpi_told_append_only before update or delete or truncate on kpi_told
    for each statement execute function figures_are_append_only();
create trigger baseline_append_only before update or delete or truncate on baseline
    for each statement execute function figures_are_append_only();

-- How likely an item was to run out within so many days, said in the night before the first of them. One night a week
-- is kept and scored; the others make room for the next.
create table risk_call (
    tenant_id int not null,
    site_id bigint not null,
    item_id bigint not null,
    -- The first day it is about, and the last.
    from_day date not null,
    until_day date not null,
    risk double precision not null check (risk between 0 and 1),
    -- The day by which it is more likely out than not. Null: later than it looks ahead.
    out_on date,
    on_hand numeric not null,
    coming numeric not null,
    -- What came of it: null while it is not over.
    outcome text check (outcome in ('ran_out', 'held', 'more_came')),
    primary key (tenant_id, site_id, from_day, item_id),
    foreign key (tenant_id, site_id) references site,
    foreign key (tenant_id, item_id) references item
);

-- A forecast that was acted on, and what came: the total over so many days.
create table forecast_score (
    tenant_id int not null,
    forecast_id bigint not null,
    horizon int not null,
    site_id bigint not null,
    item_id bigint not null,
    origin date not null,
    segment text not null check (segment in ('most_days', 'now_and_then')),
    days int not null,
    left_out int not null,
    came double precision not null,
    said double precision not null,
    low double precision not null,
    high double precision not null,
    naive double precision not null,
    primary key (tenant_id, forecast_id, horizon),
    foreign key (tenant_id, forecast_id) references forecast,
    foreign key (tenant_id, site_id) references site,
    foreign key (tenant_id, item_id) references item
);
create index on forecast_score (tenant_id, site_id, origin);

-- Until when a person has seen what changed, in business time.
create table seen_until (
    tenant_id int not null,
    user_id bigint not null,
    seen_at timestamptz not null,
    primary key (tenant_id, user_id),
    foreign key (tenant_id, user_id) references app_user
);
-- What changed since yesterday is asked by when it was learned. These tables grow by that time, more or less: a few
-- pages say where to look.
create index sales_line_by_time on sales_line using brin (recorded_at) with (pages_per_range = 32, autosummarize = on);
create index receipt_by_time on receipt using brin (recorded_at) with (pages_per_range = 32, autosummarize = on);
create index audit_entry_by_time on audit_entry using brin (business_at) with (pages_per_range = 32, autosummarize = on);
create index on proposal (tenant_id, decided_at) where decided_at is not null;
create index on alert (tenant_id, raised_at);
create index excursion_under_way on excursion (tenant_id, zone_id) where ended_at is null;
create index balance_held on balance (tenant_id, place_id) where status in ('hold', 'quarantine');
