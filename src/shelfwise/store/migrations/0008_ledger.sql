-- The ledger knows lots, serials, statuses and batches; places for goods that are packed, on the road, scrapped, converted.

alter table place drop constraint place_kind_check;
alter table place add constraint place_kind_check check (kind in (
    'bin', 'dock', 'packing',
    'supplier', 'customer', 'opening', 'adjustment', 'unaccounted', 'transit', 'scrap', 'conversion'));

-- Every site that is there already gets what new ones begin with; a bin that bears the name keeps it.
insert into place (tenant_id, site_id, code, kind)
    select s.tenant_id, s.site_id,
           case when exists (select from place p where p.tenant_id = s.tenant_id and p.site_id = s.site_id
                             and p.code = upper(k.kind)) then upper(k.kind) || '-STANDING' else upper(k.kind) end,
           k.kind
    from site s cross join unnest(array['packing', 'transit', 'scrap', 'conversion']) k (kind)
    order by s.tenant_id, s.site_id;

-- A lot as it was made: everything of one item that was produced together. Receipts make lots on the fly.
create table lot (
    tenant_id int not null,
    item_id bigint not null,
    code text not null check (code <> ''),
    expires_on date,
    made_on date,
    supplier_id bigint,
    -- Not 'available': the lot is held everywhere, and what still arrives of it gets this status.
    status text not null default 'available' check (status in ('available', 'hold', 'quarantine', 'damaged')),
    status_note text,
    first_received_at timestamptz,
    -- When what had expired was taken out of what can be sold. Null: not yet, or nothing to do.
    expired_at timestamptz,
    primary key (tenant_id, item_id, code),
    foreign key (tenant_id, item_id) references item,
    foreign key (tenant_id, supplier_id) references supplier
);
create index on lot (tenant_id, code);
create index lot_to_expire on lot (tenant_id, expires_on) where expired_at is null and expires_on is not null;

-- What was posted together, and can be taken back together.
create table movement_batch (
    tenant_id int not null,
    batch_id bigint generated always as identity,
    kind text not null,
    note text,
    -- Whose name stands for it, where a signature was needed: a release.
    signed_by text,
    actor text not null,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    reverses_batch_id bigint,
    primary key (tenant_id, batch_id),
    unique (tenant_id, reverses_batch_id),
    foreign key (tenant_id, reverses_batch_id) references movement_batch
);

-- Two times on every movement: a place may be the same where the status changes.
alter table movement
    add column from_status text not null default 'available'
        check (from_status in ('available', 'hold', 'quarantine', 'damaged')),
    add column to_status text not null default 'available'
        check (to_status in ('available', 'hold', 'quarantine', 'damaged')),
    add column catch_weight_g numeric check (catch_weight_g >= 0),
    add column note text,
    -- Null: written before batches were kept.
    add column batch_id bigint,
    -- The first line of what was told at once: where nobody named a lot, one pick may come from several.
    add column part_of bigint,
    -- Nobody named the lot: it is the one that should have been taken.
    add column lot_chosen boolean not null default false,
    add column purchase_order_id bigint,
    add column purchase_line int,
    add column transfer_id bigint,
    add column transfer_line int,
    add column count_id bigint,
    drop constraint movement_check,
    drop constraint movement_reason_check,
    add constraint movement_goes_somewhere check ((from_place_id, from_status) <> (to_place_id, to_status)),
    add constraint movement_reason_check check (reason in (
        'opening', 'receive', 'put_away', 'move', 'pick', 'ship', 'adjust', 'count', 'return', 'write_off',
        'transfer_out', 'transfer_in', 'convert', 'hold', 'release', 'reverse')),
    add foreign key (tenant_id, batch_id) references movement_batch,
    add foreign key (tenant_id, purchase_order_id, purchase_line) references purchase_line;
create index movement_of_lot on movement (tenant_id, lot, item_id) where lot is not null;
create index movement_of_serial on movement (tenant_id, serial, item_id) where serial is not null;
create index movement_of_batch on movement (tenant_id, batch_id) where batch_id is not null;
create index movement_part on movement (tenant_id, part_of) where part_of is not null;
create index movement_of_sale on movement (tenant_id, sales_line_id) where sales_line_id is not null;
create index movement_of_purchase on movement (tenant_id, purchase_order_id, purchase_line)
    where purchase_order_id is not null;
create index movement_of_transfer on movement (tenant_id, transfer_id, transfer_line) where transfer_id is not null;
create index movement_of_count on movement (tenant_id, count_id) where count_id is not null;
-- Both times grow with the table, more or less: a few pages say where to look.
create index movement_by_time on movement using brin (occurred_at, recorded_at) with (pages_per_range = 32, autosummarize = on);

-- A pick for a line that was cancelled meanwhile makes it 'issued'; taken back, it is cancelled again.
alter table sales_line add column cancelled_before_pick boolean not null default false;
update sales_line s set cancelled_before_pick = true
    where state = 'issued' and exists (select from audit_entry a where a.tenant_id = s.tenant_id
        and a.action = 'sales.cancelled' and a.subject = 'sales_line:' || s.sales_line_id);

-- How much lies where, by lot ('': none) and status. Weight: of goods that are sold by the piece and weighed, in g.
alter table balance drop constraint balance_pkey,
    add column lot text not null default '',
    add column status text not null default 'available'
        check (status in ('available', 'hold', 'quarantine', 'damaged')),
    add column catch_weight_g numeric not null default 0;
delete from balance;
insert into balance (tenant_id, item_id, place_id, lot, on_hand)
    select tenant_id, item_id, place_id, lot, sum(quantity) from (
        select tenant_id, item_id, to_place_id as place_id, coalesce(lot, '') as lot, quantity from movement
        union all
        select tenant_id, item_id, from_place_id, coalesce(lot, ''), -quantity from movement) ends
    group by tenant_id, item_id, place_id, lot;
alter table balance add primary key (tenant_id, item_id, place_id, lot, status);
insert into lot (tenant_id, item_id, code, first_received_at)
    select tenant_id, item_id, lot, min(occurred_at) from movement where lot <> '' group by tenant_id, item_id, lot;

-- Where each serial number is, by the last movement that named it.
create table serial (
    tenant_id int not null,
    item_id bigint not null,
    serial text not null,
    place_id bigint not null,
    lot text,
    status text not null default 'available',
    movement_id bigint not null,
    primary key (tenant_id, item_id, serial),
    foreign key (tenant_id, item_id) references item,
    foreign key (tenant_id, place_id) references place
);
create index on serial (tenant_id, serial);
insert into serial (tenant_id, item_id, serial, place_id, lot, movement_id)
    select distinct on (tenant_id, item_id, serial) tenant_id, item_id, serial, to_place_id, lot, movement_id
    from movement where serial is not null order by tenant_id, item_id, serial, movement_id desc;

-- What lies there and may not be sold or promised. Never more than is there.
alter table stock_level add column blocked numeric not null default 0 check (blocked >= 0),
    add constraint stock_level_blocked_is_there check (blocked <= on_hand);
