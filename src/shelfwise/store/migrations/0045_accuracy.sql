-- How each forecast did, once its days were known; and what people set in its place.

-- A row for each half of the 28 days after an origin. It outlives the forecast, whose paths are large.
create table forecast_accuracy (
    tenant_id int not null,
    site_id bigint not null,
    item_id bigint not null,
    origin date not null,
    half int not null check (half in (1, 2)),
    segment text not null,
    model text not null,
    -- A digest of the forecast and of what it was scored against: where it is another, it is scored again.
    seen bytea not null,
    -- Sums over the days that are known; see demand.race.marks.
    count double precision not null,
    demand double precision not null,
    absolute double precision not null,
    difference double precision not null,
    scaled double precision not null,
    pinball double precision not null,
    covered double precision not null,
    -- Of the total of the first 7 days in the first half, of all 28 in the second. Null: too few of them are known.
    total_covered double precision,
    -- The same sums of the moving average of that evening.
    average_absolute double precision not null,
    average_scaled double precision not null,
    primary key (tenant_id, site_id, item_id, origin, half),
    foreign key (tenant_id, site_id) references site,
    foreign key (tenant_id, item_id) references item
);
create index on forecast_accuracy (tenant_id, site_id, origin);

-- Another quantity than the forecast's, set by a person for an item, a site and a range of days.
create table forecast_override (
    tenant_id int not null,
    override_id bigint generated always as identity,
    item_id bigint not null,
    site_id bigint not null,
    first_day date not null,
    last_day date not null,
    -- For all days together, or as a change of what the model says: 0.2 is a fifth more.
    quantity numeric check (quantity >= 0),
    change numeric check (change >= -1),
    reason text not null check (reason <> ''),
    set_by text not null,
    set_at timestamptz not null,
    taken_back_by text,
    taken_back_at timestamptz,
    -- How it did beside the model, over its days that are known.
    scored_days int,
    came double precision,
    model_absolute double precision,
    person_absolute double precision,
    primary key (tenant_id, override_id),
    check (first_day <= last_day),
    check ((quantity is null) <> (change is null)),
    foreign key (tenant_id, item_id) references item,
    foreign key (tenant_id, site_id) references site
);
create index on forecast_override (tenant_id, site_id, item_id);
