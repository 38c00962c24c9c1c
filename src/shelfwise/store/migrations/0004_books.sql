-- Orders, the movement ledger and what follows from it.

create table import_batch (
    tenant_id int not null references tenant,
    import_id bigint generated always as identity,
    kind text not null,
    file_name text not null,
    sha256 bytea not null,
    rows bigint not null,
    imported_by text not null,
    imported_at timestamptz not null,
    primary key (tenant_id, import_id)
);

-- One row an order line as the shop or the ERP gave it. Sales before go-live are 'history' and move no stock;
-- negative quantities are returns.
create table sales_line (
    tenant_id int not null,
    sales_line_id bigint generated always as identity,
    order_number text not null,
    line int not null,
    site_id bigint not null,
    item_id bigint not null,
    ordered_at timestamptz not null,
    recorded_at timestamptz not null,
    quantity numeric not null,
    unit_price numeric not null,
    customer text,
    country text,
    state text not null check (state in ('history', 'open', 'reserved', 'issued', 'returned', 'cancelled')),
    -- How much of it has left the house; a line in parts stays open or reserved until all of it has.
    issued numeric not null default 0 check (issued >= 0),
    import_id bigint,
    primary key (tenant_id, sales_line_id),
    unique (tenant_id, order_number, line),
    foreign key (tenant_id, site_id) references site,
    foreign key (tenant_id, item_id) references item,
    foreign key (tenant_id, import_id) references import_batch
);
create index on sales_line (tenant_id, item_id, ordered_at);
create index on sales_line (tenant_id, state, sales_line_id) where state in ('open', 'reserved');

create table purchase_order (
    tenant_id int not null references tenant,
    purchase_order_id bigint generated always as identity,
    number text not null,
    supplier_id bigint not null,
    site_id bigint not null,
    state text not null check (state in ('approved', 'sent', 'part_received', 'received', 'closed')),
    -- The decision that made it: one proposal makes one order, once.
    decision_key text not null,
    currency char(3) not null,
    approved_by text not null,
    approved_at timestamptz not null,
    sent_at timestamptz,
    expected_at timestamptz not null,
    primary key (tenant_id, purchase_order_id),
    unique (tenant_id, number),
    unique (tenant_id, decision_key),
    foreign key (tenant_id, supplier_id) references supplier,
    foreign key (tenant_id, site_id) references site
);

create table purchase_line (
    tenant_id int not null,
    purchase_order_id bigint not null,
    line int not null,
    item_id bigint not null,
    quantity numeric not null check (quantity > 0),
    received numeric not null default 0 check (received >= 0),
    unit_cost numeric not null,
    primary key (tenant_id, purchase_order_id, line),
    foreign key (tenant_id, purchase_order_id) references purchase_order,
    foreign key (tenant_id, item_id) references item
);
create index on purchase_line (tenant_id, item_id);

create table receipt (
    tenant_id int not null,
    receipt_id bigint generated always as identity,
    purchase_order_id bigint not null,
    line int not null,
    quantity numeric not null check (quantity > 0),
    place_id bigint not null,
    received_at timestamptz not null,
    recorded_at timestamptz not null,
    received_by text not null,
    -- The receiver's own key; the same receipt told twice is one receipt.
    source text not null,
    -- Set when the movement behind it was reversed: it never happened, and counts for nothing.
    reversed_at timestamptz,
    primary key (tenant_id, receipt_id),
    unique (tenant_id, source),
    foreign key (tenant_id, purchase_order_id, line) references purchase_line,
    foreign key (tenant_id, place_id) references place
);

-- Append-only double entry.
create table movement (
    tenant_id int not null,
    movement_id bigint generated always as identity,
    item_id bigint not null,
    lot text,
    serial text,
    from_place_id bigint not null,
    to_place_id bigint not null check (to_place_id <> from_place_id),
    quantity numeric not null check (quantity > 0),
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    actor text not null,
    reason text not null check (reason in ('opening', 'receive', 'move', 'pick', 'adjust', 'return', 'reverse')),
    -- The stable key of the fact behind it; the same fact told twice is one movement. Null: none was given.
    source text,
    reverses bigint,
    -- The order line it was picked for. Null: none.
    sales_line_id bigint,
    primary key (tenant_id, movement_id),
    unique (tenant_id, source),
    unique (tenant_id, reverses),
    foreign key (tenant_id, item_id) references item,
    foreign key (tenant_id, from_place_id) references place,
    foreign key (tenant_id, to_place_id) references place,
    foreign key (tenant_id, reverses) references movement,
    foreign key (tenant_id, sales_line_id) references sales_line
);
create index on movement (tenant_id, item_id, movement_id);

create function movement_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'movements are never changed or deleted; post a reversal instead';
end $$;
create trigger movement_append_only before update or delete or truncate on movement
    for each statement execute function movement_is_append_only();

-- How much lies where: follows from the movements, rebuilt and compared every night.
create table balance (
    tenant_id int not null,
    item_id bigint not null,
    place_id bigint not null,
    on_hand numeric not null,
    primary key (tenant_id, item_id, place_id),
    foreign key (tenant_id, item_id) references item,
    foreign key (tenant_id, place_id) references place
);
create index on balance (tenant_id, place_id);

-- The sum over a site's real places, and what is promised of it. Every writer locks this row first.
create table stock_level (
    tenant_id int not null,
    item_id bigint not null,
    site_id bigint not null,
    on_hand numeric not null default 0 check (on_hand >= 0),
    reserved numeric not null default 0 check (reserved >= 0),
    primary key (tenant_id, item_id, site_id),
    foreign key (tenant_id, item_id) references item,
    foreign key (tenant_id, site_id) references site
);

create table reservation (
    tenant_id int not null,
    sales_line_id bigint not null,
    item_id bigint not null,
    site_id bigint not null,
    quantity numeric not null check (quantity > 0),
    reserved_at timestamptz not null,
    primary key (tenant_id, sales_line_id),
    foreign key (tenant_id, sales_line_id) references sales_line,
    foreign key (tenant_id, item_id, site_id) references stock_level
);

-- When an item had nothing available at a site; open while until_at is null. Masks demand history.
create table stockout (
    tenant_id int not null,
    item_id bigint not null,
    site_id bigint not null,
    since timestamptz not null,
    until_at timestamptz,
    primary key (tenant_id, item_id, site_id, since),
    foreign key (tenant_id, item_id, site_id) references stock_level
);
create unique index stockout_one_open on stockout (tenant_id, item_id, site_id) where until_at is null;

create table excursion (
    tenant_id int not null,
    excursion_id bigint generated always as identity,
    zone_id bigint not null,
    device text not null,
    started_at timestamptz not null,
    confirmed_at timestamptz,
    ended_at timestamptz,
    worst_degc double precision not null,
    -- The newest observation taken into account: an older one that comes late changes nothing behind it.
    last_observed_at timestamptz not null,
    -- The readings outside the limit up to the confirmation, [[observed_at, degC], ...]: why the alert was raised.
    readings jsonb not null default '[]',
    primary key (tenant_id, excursion_id),
    foreign key (tenant_id, zone_id) references zone
);
create unique index excursion_one_open on excursion (tenant_id, zone_id, device) where ended_at is null;

-- How far each device has been judged in its zone, also while all is well.
create table condition_watch (
    tenant_id int not null,
    zone_id bigint not null,
    device text not null,
    last_observed_at timestamptz not null,
    primary key (tenant_id, zone_id, device),
    foreign key (tenant_id, zone_id) references zone
);
