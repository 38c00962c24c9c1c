-- Master data. provenance says where a row came from; 'invented' marks what a demo made up.

create table item (
    tenant_id int not null references tenant,
    item_id bigint generated always as identity,
    sku text not null,
    description text not null default '',
    unit text not null default 'each',
    quantum numeric not null default 1 check (quantum > 0),
    unit_weight_g double precision check (unit_weight_g > 0),
    provenance text not null default 'entered' check (provenance in ('entered', 'imported', 'invented')),
    primary key (tenant_id, item_id),
    unique (tenant_id, sku)
);

create table site (
    tenant_id int not null references tenant,
    site_id bigint generated always as identity,
    code text not null,
    name text not null,
    time_zone text not null,
    width_m double precision not null check (width_m > 0),
    depth_m double precision not null check (depth_m > 0),
    provenance text not null default 'entered' check (provenance in ('entered', 'imported', 'invented')),
    primary key (tenant_id, site_id),
    unique (tenant_id, code)
);

-- A zone's temperature limit: outside it for longer than the delay is an excursion. Null: not watched.
create table zone (
    tenant_id int not null references tenant,
    zone_id bigint generated always as identity,
    site_id bigint not null,
    code text not null,
    name text not null,
    kind text not null check (kind in ('ambient', 'chilled', 'frozen', 'dock')),
    x_m double precision not null, y_m double precision not null,
    width_m double precision not null, depth_m double precision not null,
    low_degc double precision, high_degc double precision,
    delay interval not null default '10 minutes',
    primary key (tenant_id, zone_id),
    unique (tenant_id, site_id, code),
    foreign key (tenant_id, site_id) references site
);

-- Where a quantity can be. Bins and docks are real; the rest are the other ends of double entry.
create table place (
    tenant_id int not null references tenant,
    place_id bigint generated always as identity,
    site_id bigint not null,
    zone_id bigint,
    code text not null,
    kind text not null check (kind in ('bin', 'dock', 'supplier', 'customer', 'opening', 'adjustment', 'unaccounted')),
    x_m double precision, y_m double precision, width_m double precision, depth_m double precision,
    -- The item that belongs here and how much of it fits; null: any.
    item_id bigint,
    capacity numeric check (capacity > 0),
    primary key (tenant_id, place_id),
    unique (tenant_id, site_id, code),
    foreign key (tenant_id, site_id) references site,
    foreign key (tenant_id, zone_id) references zone,
    foreign key (tenant_id, item_id) references item
);
create index on place (tenant_id, item_id);
-- Every movement needs the virtual places of its site, among thousands of bins.
create index place_virtual on place (tenant_id, site_id) where kind not in ('bin', 'dock');

create table supplier (
    tenant_id int not null references tenant,
    supplier_id bigint generated always as identity,
    code text not null,
    name text not null,
    -- Where orders go (HTTP POST, JSON). Null: a person sends them.
    order_url text,
    provenance text not null default 'entered' check (provenance in ('entered', 'imported', 'invented')),
    primary key (tenant_id, supplier_id),
    unique (tenant_id, code)
);

create table supplier_item (
    tenant_id int not null,
    supplier_id bigint not null,
    item_id bigint not null,
    unit_cost numeric not null check (unit_cost >= 0),
    currency char(3) not null,
    pack_size numeric not null default 1 check (pack_size > 0),
    minimum_order numeric not null default 0 check (minimum_order >= 0),
    lead_time_days double precision not null check (lead_time_days >= 0),
    provenance text not null default 'entered' check (provenance in ('entered', 'imported', 'invented')),
    primary key (tenant_id, supplier_id, item_id),
    foreign key (tenant_id, supplier_id) references supplier,
    foreign key (tenant_id, item_id) references item
);
create index on supplier_item (tenant_id, item_id);
