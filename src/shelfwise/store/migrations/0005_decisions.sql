-- Demand, forecasts and proposals.

-- Demand of an item at a site on a site-local day. Days before the first and after the last row are unknown;
-- days without a row between them are zero.
create table demand_day (
    tenant_id int not null,
    item_id bigint not null,
    site_id bigint not null,
    day date not null,
    quantity numeric not null check (quantity >= 0),
    primary key (tenant_id, item_id, site_id, day),
    foreign key (tenant_id, item_id) references item,
    foreign key (tenant_id, site_id) references site
);

create table forecast (
    tenant_id int not null,
    forecast_id bigint generated always as identity,
    item_id bigint not null,
    site_id bigint not null,
    -- The last day whose demand was known; the forecast begins the day after.
    origin date not null,
    horizon int not null check (horizon > 0),
    model text not null,
    -- Sample paths, float32, C order, shape (paths, horizon).
    paths bytea not null,
    -- For pages: mean and quantiles by day, the scores of the race, what was masked.
    summary jsonb not null,
    made_at timestamptz not null,
    primary key (tenant_id, forecast_id),
    unique (tenant_id, item_id, site_id, origin),
    foreign key (tenant_id, item_id) references item,
    foreign key (tenant_id, site_id) references site
);

create table proposal (
    tenant_id int not null,
    proposal_id bigint generated always as identity,
    action text not null check (action in ('purchase')),
    site_id bigint not null,
    item_id bigint not null,
    supplier_id bigint not null,
    arguments jsonb not null,
    reason text not null,
    evidence jsonb not null,
    alternative jsonb not null,
    expected_value jsonb not null,
    how_to_undo text not null,
    idempotency_key text not null,
    forecast_id bigint,
    proposed_at timestamptz not null,
    expires_at timestamptz not null,
    state text not null default 'proposed'
        check (state in ('proposed', 'approved', 'executed', 'rejected', 'expired', 'failed', 'undone')),
    decided_by text,
    decided_at timestamptz,
    decision_note text,
    -- What the person changed before approving; null: nothing.
    edited jsonb,
    primary key (tenant_id, proposal_id),
    unique (tenant_id, idempotency_key),
    foreign key (tenant_id, site_id) references site,
    foreign key (tenant_id, item_id) references item,
    foreign key (tenant_id, supplier_id) references supplier,
    foreign key (tenant_id, forecast_id) references forecast
);
-- No item is proposed twice while a proposal for it is open.
create index on proposal (tenant_id, forecast_id);
create unique index proposal_one_open on proposal (tenant_id, action, site_id, item_id) where state = 'proposed';
