-- Fulfilment: what customers' lines may ask of us, shipments, returns, and transfers between sites.

alter table sales_line
    -- What is there may go at once, and the rest waits. False: the whole line or nothing.
    add column allow_part boolean not null default false,
    -- When a planner put it before the older ones. Null: it has its turn by age.
    add column precedence_at timestamptz,
    -- When a planner took its promise back: it is not promised anything until somebody says so. Null: it waits its turn.
    add column held_back_at timestamptz;

create table sales_note (
    tenant_id int not null references tenant,
    note_id bigint generated always as identity,
    order_number text not null,
    note text not null,
    written_by text not null,
    written_at timestamptz not null,
    primary key (tenant_id, note_id)
);
create index on sales_note (tenant_id, order_number);

-- Goods for one customer's order on their way out of one site.
create table shipment (
    tenant_id int not null references tenant,
    shipment_id bigint generated always as identity,
    number text not null,
    site_id bigint not null,
    order_number text not null,
    state text not null default 'picking' check (state in ('picking', 'packed', 'shipped', 'cancelled')),
    -- Where picked goods wait until they leave.
    packing_place_id bigint not null,
    carrier text,
    tracking text,
    created_by text not null,
    created_at timestamptz not null,
    packed_at timestamptz,
    shipped_at timestamptz,
    cancelled_at timestamptz,
    primary key (tenant_id, shipment_id),
    unique (tenant_id, number),
    foreign key (tenant_id, site_id) references site,
    foreign key (tenant_id, packing_place_id) references place
);
create index on shipment (tenant_id, order_number);
create index shipment_under_way on shipment (tenant_id, site_id) where state in ('picking', 'packed');

create table shipment_line (
    tenant_id int not null,
    shipment_id bigint not null,
    line int not null,
    sales_line_id bigint not null,
    item_id bigint not null,
    quantity numeric not null check (quantity > 0),
    primary key (tenant_id, shipment_id, line),
    foreign key (tenant_id, shipment_id) references shipment,
    foreign key (tenant_id, sales_line_id) references sales_line,
    foreign key (tenant_id, item_id) references item
);
create index on shipment_line (tenant_id, sales_line_id);

-- Where the picker is sent, and what became of it.
create table shipment_stop (
    tenant_id int not null,
    shipment_id bigint not null,
    stop int not null,
    line int not null,
    place_id bigint not null,
    lot text,
    quantity numeric not null check (quantity > 0),
    -- How much was found there. Null: nobody has been there yet.
    picked numeric check (picked >= 0),
    -- The picker's own key of it: told twice, it is one pick.
    source text,
    done_at timestamptz,
    done_by text,
    primary key (tenant_id, shipment_id, stop),
    foreign key (tenant_id, shipment_id, line) references shipment_line,
    foreign key (tenant_id, place_id) references place,
    check ((picked is null) = (done_at is null))
);
create index shipment_stop_to_do on shipment_stop (tenant_id, place_id) where done_at is null;

-- Which movements belong to a shipment. One that was reversed counts for nothing.
create table shipment_move (
    tenant_id int not null,
    movement_id bigint not null,
    shipment_id bigint not null,
    line int not null,
    kind text not null check (kind in ('pick', 'put_back', 'ship')),
    quantity numeric not null check (quantity > 0),
    primary key (tenant_id, movement_id),
    foreign key (tenant_id, movement_id) references movement,
    foreign key (tenant_id, shipment_id, line) references shipment_line
);
create index on shipment_move (tenant_id, shipment_id, line);
create view shipment_moved as
    select * from shipment_move m
    where not exists (select from movement r where r.tenant_id = m.tenant_id and r.reverses = m.movement_id);

create table shipment_box (
    tenant_id int not null,
    shipment_id bigint not null,
    box int not null,
    weight_g numeric check (weight_g > 0),
    length_mm int check (length_mm > 0),
    width_mm int check (width_mm > 0),
    height_mm int check (height_mm > 0),
    -- What the carrier's label says.
    label text,
    primary key (tenant_id, shipment_id, box),
    foreign key (tenant_id, shipment_id) references shipment
);

-- Goods that a customer sent back.
create table customer_return (
    tenant_id int not null references tenant,
    return_id bigint generated always as identity,
    number text not null,
    site_id bigint not null,
    order_number text not null,
    source text not null,
    note text not null default '',
    created_by text not null,
    created_at timestamptz not null,
    primary key (tenant_id, return_id),
    unique (tenant_id, number),
    unique (tenant_id, source),
    foreign key (tenant_id, site_id) references site
);
create index on customer_return (tenant_id, order_number);

create table customer_return_line (
    tenant_id int not null,
    return_id bigint not null,
    line int not null,
    sales_line_id bigint not null,
    quantity numeric not null check (quantity > 0),
    place_id bigint not null,
    status text not null check (status in ('available', 'hold', 'quarantine', 'damaged')),
    lot text,
    movement_id bigint not null,
    primary key (tenant_id, return_id, line),
    foreign key (tenant_id, return_id) references customer_return,
    foreign key (tenant_id, sales_line_id) references sales_line,
    foreign key (tenant_id, place_id) references place,
    foreign key (tenant_id, movement_id) references movement
);
create index on customer_return_line (tenant_id, sales_line_id);

-- Goods that go from one site to another.
create table transfer (
    tenant_id int not null references tenant,
    transfer_id bigint generated always as identity,
    number text not null,
    from_site_id bigint not null,
    to_site_id bigint not null check (to_site_id <> from_site_id),
    state text not null default 'draft' check (state in
        ('draft', 'approved', 'in_transit', 'part_received', 'received', 'closed', 'cancelled')),
    expected_at timestamptz not null,
    note text not null default '',
    created_by text not null,
    created_at timestamptz not null,
    approved_by text,
    approved_at timestamptz,
    primary key (tenant_id, transfer_id),
    unique (tenant_id, number),
    foreign key (tenant_id, from_site_id) references site,
    foreign key (tenant_id, to_site_id) references site
);
create index transfer_under_way on transfer (tenant_id, to_site_id)
    where state in ('approved', 'in_transit', 'part_received');

create table transfer_line (
    tenant_id int not null,
    transfer_id bigint not null,
    line int not null,
    item_id bigint not null,
    quantity numeric not null check (quantity > 0),
    -- What is promised to it at the source; counts into stock_level.reserved.
    reserved numeric not null default 0 check (reserved >= 0),
    reserved_at timestamptz,
    primary key (tenant_id, transfer_id, line),
    foreign key (tenant_id, transfer_id) references transfer,
    foreign key (tenant_id, item_id) references item
);
create index transfer_line_reserved on transfer_line (tenant_id, item_id) where reserved > 0;
alter table movement add foreign key (tenant_id, transfer_id, transfer_line) references transfer_line;

-- How far each line is, by its movements; one that was reversed counts for nothing.
create view transfer_progress as
    select l.tenant_id, l.transfer_id, l.line,
           coalesce(sum(m.quantity) filter (where m.reason = 'transfer_out'), 0) as shipped,
           coalesce(sum(m.quantity) filter (where m.reason = 'transfer_in' and p.site_id = t.to_site_id), 0) as received,
           coalesce(sum(m.quantity) filter (where m.reason = 'transfer_in' and p.site_id = t.to_site_id
                                                  and m.to_status = 'damaged'), 0) as damaged,
           coalesce(sum(m.quantity) filter (where m.reason = 'transfer_in' and p.site_id = t.from_site_id), 0) as back,
           coalesce(sum(m.quantity) filter (where m.reason = 'write_off'), 0) as lost,
           -- Came beyond what had left: from what was unaccounted for at the destination.
           coalesce(sum(m.quantity) filter (where m.reason = 'adjust' and p.site_id = t.to_site_id), 0) as over
    from transfer_line l
    join transfer t on t.tenant_id = l.tenant_id and t.transfer_id = l.transfer_id
    left join movement m on m.tenant_id = l.tenant_id and m.transfer_id = l.transfer_id and m.transfer_line = l.line
         and not exists (select from movement r where r.tenant_id = m.tenant_id and r.reverses = m.movement_id)
    left join place p on p.tenant_id = m.tenant_id and p.place_id = m.to_place_id
    group by l.tenant_id, l.transfer_id, l.line;
