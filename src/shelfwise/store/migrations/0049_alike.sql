-- What a forecast needs to know of items beyond their own history: which are alike, which takes another's place, until
-- when one is sold, and what others sell while one is promoted or out of stock.

alter table item
    -- What it is, from wide to narrow: 'Dairy / Milk'. Empty: nobody said.
    add column category text not null default '',
    -- The last day it is sold. Null: no end is planned.
    add column sold_until date;
create index on item (tenant_id, category) where category <> '';

-- An item takes another's place from a day on; one of the other is `factor` of its own unit.
create table succession (
    tenant_id int not null,
    item_id bigint not null,
    replaces_id bigint not null,
    from_day date not null,
    factor numeric not null check (factor > 0),
    primary key (tenant_id, item_id),
    foreign key (tenant_id, item_id) references item on delete cascade,
    foreign key (tenant_id, replaces_id) references item,
    check (item_id <> replaces_id)
);
create index on succession (tenant_id, replaces_id);

-- What others of the promoted item's category sold meanwhile, kept with one item of the promotion for each category.
alter table promotion_lift drop constraint promotion_lift_span_check;
alter table promotion_lift add constraint promotion_lift_span_check check (span in ('during', 'after', 'others'));
alter table promotion_lift add column category text check ((category is null) = (span <> 'others'));

-- What others of an item's category sold while it was out of stock, in the same unit, and what the item itself did.
create table substitution (
    tenant_id int not null,
    site_id bigint not null,
    item_id bigint not null,
    -- The item itself: what it lost. Null: all others together. Else one that sold more.
    other_id bigint,
    days int not null check (days >= 0),
    sold double precision not null check (sold >= 0),
    expected double precision not null check (expected >= 0),
    -- Standard deviation of what was expected.
    spread double precision not null check (spread >= 0),
    -- The last day out of stock that is in it.
    until date not null,
    unique nulls not distinct (tenant_id, site_id, item_id, other_id),
    foreign key (tenant_id, site_id) references site on delete cascade,
    foreign key (tenant_id, item_id) references item on delete cascade,
    foreign key (tenant_id, other_id) references item on delete cascade
);
