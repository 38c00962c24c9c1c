-- One record a thing. Records keep their own rows; a merge is an entry that says that one stands for another.

create table merge (
    tenant_id int not null references tenant,
    merge_id bigint generated always as identity,
    kind text not null check (kind in ('item', 'supplier')),
    -- Ids of items or of suppliers, as the kind says; neither is ever deleted.
    survivor_id bigint not null,
    absorbed_id bigint not null check (absorbed_id <> survivor_id),
    -- So many units of the survivor are one of the absorbed.
    factor numeric not null default 1 check (factor > 0),
    evidence jsonb not null default '[]',
    -- What has to be put back when it is undone: stock, terms, places, whether it was archived.
    moved jsonb not null default '{}',
    merged_by text not null,
    merged_at timestamptz not null,
    undone_by text,
    undone_at timestamptz,
    primary key (tenant_id, merge_id)
);
create unique index merge_once on merge (tenant_id, kind, absorbed_id) where undone_at is null;

-- What each absorbed record is in the end, chains followed: reckoned anew from the merges whenever one is made or undone.
create table joined (
    tenant_id int not null references tenant,
    kind text not null check (kind in ('item', 'supplier')),
    id bigint not null,
    survivor_id bigint not null,
    factor numeric not null check (factor > 0),
    primary key (tenant_id, kind, id)
);
create index on joined (tenant_id, kind, survivor_id);

-- Pairs that may be one thing. What a person decided is kept for ever: "two things" is never proposed again.
create table duplicate (
    tenant_id int not null references tenant,
    kind text not null check (kind in ('item', 'supplier')),
    one_id bigint not null,
    other_id bigint not null check (other_id > one_id),
    certainty double precision not null,
    evidence jsonb not null,
    stake numeric not null default 0,
    state text not null default 'waiting' check (state in ('waiting', 'same', 'different')),
    found_at timestamptz not null,
    decided_by text,
    decided_at timestamptz,
    primary key (tenant_id, kind, one_id, other_id)
);
create index on duplicate (tenant_id, state, stake desc);

-- A line that named an absorbed item is kept for its survivor; this is what it named, and how many of the survivor's
-- units that one was. It counts for the item that it named, or for whatever that is now.
alter table sales_line
    add column told_item_id bigint,
    add column told_factor numeric check (told_factor > 0),
    add foreign key (tenant_id, told_item_id) references item,
    add check ((told_item_id is null) = (told_factor is null));
create index on sales_line (tenant_id, told_item_id) where told_item_id is not null;
