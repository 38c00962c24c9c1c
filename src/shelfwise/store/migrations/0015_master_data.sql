-- What a business knows of its items besides their name: how they are told apart, packed, scanned, and phased out.

alter table item
    -- What a movement must name: nothing, the lot, or each piece's serial number.
    add column tracking text not null default 'none' check (tracking in ('none', 'lot', 'serial')),
    -- Whether nothing comes in without its last day.
    add column needs_expiry boolean not null default false,
    -- The last day is the day it was made, or came, plus this. Null: unknown.
    add column shelf_life_days int check (shelf_life_days > 0),
    -- Sold by the piece and weighed.
    add column catch_weight boolean not null default false,
    -- Phased out: not offered any more; what is there is sold, counted and moved as ever.
    add column archived boolean not null default false;

-- Out of use: not offered and not drawn while nothing lies there.
alter table place add column archived boolean not null default false;

-- How much one pack holds, from a day on. What was told in packs before that day was told in the earlier ones.
create table item_pack (
    tenant_id int not null,
    item_id bigint not null,
    level text not null check (level in ('each', 'inner', 'case', 'pallet')),
    -- In the item's unit. Null: not packed like this any more.
    quantity numeric check (quantity > 0),
    valid_from date not null,
    primary key (tenant_id, item_id, level, valid_from),
    foreign key (tenant_id, item_id) references item
);

-- What a scanner reads off an item, or off a pack of it. Null level: one unit.
create table item_barcode (
    tenant_id int not null,
    barcode text not null check (barcode <> ''),
    item_id bigint not null,
    level text check (level in ('each', 'inner', 'case', 'pallet')),
    primary key (tenant_id, barcode),
    foreign key (tenant_id, item_id) references item
);
create index on item_barcode (tenant_id, item_id);
