-- Who buys, what is promoted, when nobody works; sales as totals of a day; and files that keep coming by themselves.

create table customer (
    tenant_id int not null references tenant,
    customer_id bigint generated always as identity,
    code text not null,
    name text not null,
    country text,
    address text not null default '',
    customer_group text,
    delivery_note text,
    provenance text not null default 'entered' check (provenance in ('entered', 'imported', 'invented')),
    primary key (tenant_id, customer_id),
    unique (tenant_id, code)
);
create index on customer (tenant_id, lower(name));
-- Order lines name their customer by code or by name.
create index on sales_line (tenant_id, lower(customer), ordered_at) where customer is not null;

create table promotion (
    tenant_id int not null references tenant,
    promotion_id bigint generated always as identity,
    code text not null,
    -- Null: at every site.
    site_id bigint,
    item_id bigint not null,
    starts_on date not null,
    ends_on date not null,
    kind text not null default 'price' check (kind in ('price', 'feature', 'display', 'other')),
    price numeric check (price >= 0),
    discount_percent numeric check (discount_percent between 0 and 100),
    note text,
    primary key (tenant_id, promotion_id),
    unique nulls not distinct (tenant_id, code, site_id, item_id),
    check (starts_on <= ends_on),
    foreign key (tenant_id, site_id) references site,
    foreign key (tenant_id, item_id) references item
);
create index on promotion (tenant_id, item_id, starts_on);

-- A site that sells nothing, or a supplier that delivers nothing: on one day, or on a day of every week (1 is Monday).
create table closed_day (
    tenant_id int not null references tenant,
    closed_day_id bigint generated always as identity,
    site_id bigint,
    supplier_id bigint,
    day date,
    weekday int check (weekday between 1 and 7),
    name text,
    primary key (tenant_id, closed_day_id),
    unique nulls not distinct (tenant_id, site_id, supplier_id, day, weekday),
    check (num_nonnulls(site_id, supplier_id) = 1 and num_nonnulls(day, weekday) = 1),
    foreign key (tenant_id, site_id) references site,
    foreign key (tenant_id, supplier_id) references supplier
);

-- What sold of an item on a day, as a till or another system adds it up. Moves no stock and reserves none.
create table sales_day (
    tenant_id int not null,
    site_id bigint not null,
    item_id bigint not null,
    day date not null,
    -- '': all that sold of it that day, order lines among it. A name: one of several places where it sells.
    channel text not null default '',
    -- Negative: more came back than was sold.
    quantity numeric not null,
    value numeric,
    told_at timestamptz not null,
    primary key (tenant_id, site_id, item_id, day, channel),
    foreign key (tenant_id, site_id) references site,
    foreign key (tenant_id, item_id) references item
);

-- Who sends us files again and again.
create table source (
    tenant_id int not null references tenant,
    source_id bigint generated always as identity,
    -- Also the name of its folder.
    code text not null,
    name text not null,
    -- What its files hold. '': whatever they look like.
    kind text not null default '',
    -- The site that sold, for files that do not say.
    site_id bigint,
    -- Take good rows in and leave bad ones out, instead of refusing the file.
    skip_bad boolean not null default false,
    -- It comes every so many days. Null: whenever it comes.
    every_days int check (every_days between 1 and 31),
    -- From when on it is missed.
    expected_since date,
    active boolean not null default true,
    primary key (tenant_id, source_id),
    unique (tenant_id, code),
    foreign key (tenant_id, site_id) references site
);

-- A file that came by itself, and what became of it.
create table incoming (
    tenant_id int not null references tenant,
    incoming_id bigint generated always as identity,
    -- Null: sent by REST.
    source_id bigint,
    sent_by text not null,
    -- What tells it from the sender's other files: its name, time and content, or the idempotency key it came with.
    key text not null,
    file_name text not null,
    sha256 bytea not null,
    size bigint not null,
    said jsonb not null default '{}',
    -- picked: being taken in; same: its content had been taken in before.
    state text not null default 'picked' check (state in ('picked', 'done', 'same', 'refused')),
    attempts int not null default 0,
    done_rows int not null default 0,
    picked_at timestamptz not null,
    finished_at timestamptz,
    -- The import it became.
    file_id bigint,
    result jsonb not null default '{}',
    primary key (tenant_id, incoming_id),
    unique (tenant_id, sent_by, key),
    foreign key (tenant_id, source_id) references source
);
create index on incoming (tenant_id, source_id, incoming_id);
create index on incoming (tenant_id, sent_by, sha256);
