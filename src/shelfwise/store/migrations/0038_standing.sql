-- Where devices and antennas stand and stood, what tags are on, and what passed the dock doors.

-- One row a time in which a device, or one antenna of a reader, stood somewhere; business time. The newest is open.
-- device.zone_id and device.place_id say the same of now.
create table standing (
    tenant_id int not null,
    standing_id bigint generated always as identity,
    device text not null,
    -- 0: the device itself; else the number that its reader gives the antenna.
    antenna int not null default 0 check (antenna between 0 and 255),
    -- Null: for as long as anybody knows.
    from_at timestamptz,
    until_at timestamptz,
    -- At most one of them; none: it stood nowhere.
    zone_id bigint,
    place_id bigint,
    shipment_id bigint,
    transfer_id bigint,
    -- Of a scale: what it weighs there (null: what the bin is for), what it says with nothing on it, how exactly it weighs.
    item_id bigint,
    tare_g double precision check (tare_g >= 0),
    exact_to_g double precision check (exact_to_g > 0),
    -- Of an antenna at a dock door: goods it sees come in or go out, or it looks at one side of the door.
    way text check (way in ('in', 'out', 'outside', 'inside')),
    noted_at timestamptz not null,
    noted_by text not null,
    primary key (tenant_id, standing_id),
    foreign key (tenant_id, device) references device,
    foreign key (tenant_id, zone_id) references zone,
    foreign key (tenant_id, place_id) references place,
    foreign key (tenant_id, shipment_id) references shipment,
    foreign key (tenant_id, transfer_id) references transfer,
    foreign key (tenant_id, item_id) references item,
    check (num_nonnulls(zone_id, place_id, shipment_id, transfer_id) <= 1),
    check (until_at is null or from_at is null or from_at < until_at)
);
create unique index standing_one_open on standing (tenant_id, device, antenna) where until_at is null;
create index on standing (tenant_id, device, antenna, from_at);
create index standing_in_zone on standing (tenant_id, zone_id) where zone_id is not null;
create index standing_at_place on standing (tenant_id, place_id) where place_id is not null;

insert into standing (tenant_id, device, zone_id, place_id, noted_at, noted_by)
select d.tenant_id, d.device, case when d.place_id is null then d.zone_id end, d.place_id,
       c.business_anchor + (now() - c.wall_anchor) * c.rate, 'system:upgrade'
from device d join business_clock c using (tenant_id)
where d.zone_id is not null or d.place_id is not null;

-- What a tag is on, a row for each item under it: one for a piece or a case, several for a mixed pallet. Never deleted.
create table tag (
    tenant_id int not null references tenant,
    tag_id bigint generated always as identity,
    epc text not null check (epc ~ '^[0-9A-F]{4,124}$'),
    line int not null default 1 check (line > 0),
    item_id bigint not null,
    lot text,
    serial text,
    -- In the item's unit.
    quantity numeric not null check (quantity > 0),
    sscc text,
    site_id bigint not null,
    purchase_order_id bigint,
    purchase_line int,
    bound_at timestamptz not null,
    bound_by text not null,
    ended_at timestamptz,
    ended_by text,
    -- It came off, broke or was switched off for good, or another tag took its place.
    ended text check (ended in ('unbound', 'killed', 'replaced')),
    replaced_by text,
    note text not null default '',
    primary key (tenant_id, tag_id),
    foreign key (tenant_id, item_id) references item,
    foreign key (tenant_id, site_id) references site,
    foreign key (tenant_id, purchase_order_id) references purchase_order,
    check ((ended_at is null) = (ended is null))
);
create unique index tag_one_open on tag (tenant_id, epc, line) where ended_at is null;
create index on tag (tenant_id, item_id, lot);
create index on tag (tenant_id, epc);

-- The last serial number that was given to a tag of ours, by GTIN: each is given once.
create table tag_serial (
    tenant_id int not null references tenant,
    gtin text not null check (gtin ~ '^[0-9]{14}$'),
    last bigint not null,
    primary key (tenant_id, gtin)
);

-- How a dock door works; one without a row works as the defaults say.
create table portal_door (
    tenant_id int not null,
    place_id bigint not null,
    -- What passes is proposed as a receipt or a shipment, or only listed.
    policy text not null default 'suggest' check (policy in ('off', 'suggest')),
    weakest_dbm double precision not null default -70,
    primary key (tenant_id, place_id),
    foreign key (tenant_id, place_id) references place
);

-- What is seen of an EPC at a door and is not decided yet; kept so that a restart forgets nothing.
create table portal_sighting (
    tenant_id int not null,
    place_id bigint not null,
    epc text not null,
    -- The newest reads, [[seconds since 1970, side, dBm or null], ...].
    reads jsonb not null,
    first_at timestamptz not null,
    last_at timestamptz not null,
    received_at timestamptz not null,
    primary key (tenant_id, place_id, epc),
    foreign key (tenant_id, place_id) references place
);

-- Passes that belong together: a truck unloaded, a pallet loaded.
create table portal_load (
    tenant_id int not null,
    load_id bigint generated always as identity,
    site_id bigint not null,
    place_id bigint not null,
    way text not null check (way in ('in', 'out')),
    first_at timestamptz not null,
    last_at timestamptz not null,
    -- What it was taken for; a person may say otherwise.
    purchase_order_id bigint,
    shipment_id bigint,
    transfer_id bigint,
    state text not null default 'open' check (state in ('open', 'booked', 'rejected')),
    decided_at timestamptz,
    decided_by text,
    note text not null default '',
    primary key (tenant_id, load_id),
    foreign key (tenant_id, site_id) references site,
    foreign key (tenant_id, place_id) references place,
    foreign key (tenant_id, purchase_order_id) references purchase_order,
    foreign key (tenant_id, shipment_id) references shipment,
    foreign key (tenant_id, transfer_id) references transfer,
    check (num_nonnulls(purchase_order_id, shipment_id, transfer_id) <= 1)
);
create index portal_load_open on portal_load (tenant_id, place_id) where state = 'open';

create table portal_pass (
    tenant_id int not null,
    pass_id bigint generated always as identity,
    load_id bigint not null,
    place_id bigint not null,
    epc text not null,
    way text not null check (way in ('in', 'out')),
    passed_at timestamptz not null,
    noted_at timestamptz not null,
    reads int not null,
    strongest_dbm double precision,
    -- Counted when its load was booked.
    booked boolean not null default false,
    primary key (tenant_id, pass_id),
    unique (tenant_id, load_id, epc),
    foreign key (tenant_id, load_id) references portal_load
);
create index on portal_pass (tenant_id, place_id, epc, passed_at);
