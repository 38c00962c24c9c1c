-- Counting: what should be looked at, what was found, and what followed from it.

create table count_sheet (
    tenant_id int not null references tenant,
    count_id bigint generated always as identity,
    number text not null,
    site_id bigint not null,
    title text not null,
    -- The counter does not see what the books say.
    blind boolean not null default true,
    -- Differences up to this share of what the books say are posted without a second person.
    tolerance numeric not null default 0.02 check (tolerance >= 0),
    state text not null default 'open' check (state in ('open', 'to_approve', 'posted', 'cancelled')),
    opened_by text not null,
    opened_at timestamptz not null,
    closed_by text,
    closed_at timestamptz,
    primary key (tenant_id, count_id),
    unique (tenant_id, number),
    foreign key (tenant_id, site_id) references site
);
create index on count_sheet (tenant_id, site_id, state);

-- One line for each item and lot ('': none) in a place; a place without goods has one without an item.
create table count_line (
    tenant_id int not null,
    count_id bigint not null,
    place_id bigint not null,
    item_id bigint,
    lot text not null default '',
    counted numeric check (counted >= 0),
    counted_by text,
    -- When somebody stood there: what moved later does not belong to what was found.
    counted_at timestamptz,
    -- The counter's own key; the same one told twice is one count.
    source text,
    -- What the books said of that instant, when the difference was worked out.
    book numeric,
    state text not null default 'open' check (state in ('open', 'counted', 'to_approve', 'posted')),
    unique nulls not distinct (tenant_id, count_id, place_id, item_id, lot),
    foreign key (tenant_id, count_id) references count_sheet on delete cascade,
    foreign key (tenant_id, place_id) references place,
    foreign key (tenant_id, item_id) references item
);
alter table movement add foreign key (tenant_id, count_id) references count_sheet;
