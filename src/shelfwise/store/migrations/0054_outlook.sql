-- What was said last of an item at a site: when it may run out and what that would cost, and what of it is too much.
-- Every night says it anew. What was said one night a week stays in risk_call, and is scored.
create table stock_outlook (
    tenant_id int not null,
    site_id bigint not null,
    item_id bigint not null,
    said_at timestamptz not null,
    -- The site's day that the first of the days below is.
    first_day date not null,
    -- Free to sell, and on order, when it was said.
    available numeric not null,
    coming numeric not null,
    -- Probability that it has run out by the end of each day, and that it is out then. Null: there is no forecast.
    out_by real[],
    out_on real[],
    -- The day by which it is more likely out than not. Null: not within these days.
    out_day date,
    -- Units wanted from an empty shelf within these days, on average.
    units_lost double precision,
    -- What one unit costs and earns, in the tenant's currency. Null: nobody knows.
    unit_cost double precision check (unit_cost >= 0),
    unit_margin double precision check (unit_margin >= 0),
    -- What sells on a day, on average. Null: there is no forecast.
    daily double precision,
    -- Units there, and on order, beyond what will sell within the longest cover in nine of ten futures.
    surplus double precision not null,
    surplus_coming double precision not null,
    -- Units that will expire before they sell, on average: each lot, and together.
    wasted double precision not null,
    lots jsonb not null,
    -- Days since anything was sold, where that is long ago.
    idle_days int,
    -- What can be done about too much.
    advice jsonb not null,
    primary key (tenant_id, site_id, item_id),
    foreign key (tenant_id, site_id) references site on delete cascade,
    foreign key (tenant_id, item_id) references item on delete cascade
);
