-- Which policy of replenishment did best on an item's past at a site, and how the others did.
create table policy_standing (
    tenant_id int not null,
    site_id bigint not null,
    item_id bigint not null,
    policy text not null,
    -- What makes the policy's rule out of an item's sizes.
    numbers double precision[] not null,
    -- All that took part: name, cost of a month, standard error against the winner, share served, whether it kept the
    -- target.
    raced jsonb not null,
    aim text not null,
    level double precision not null,
    -- A, B or C, by the value of what was wanted.
    class text not null,
    -- Supplier, terms and parameters: when they change, the item is raced again.
    stands_on jsonb not null,
    -- So many days of the past, up to this one; numbers were chosen on one part and judged on another.
    days int not null,
    until date not null,
    apart boolean not null,
    raced_at timestamptz not null,
    primary key (tenant_id, site_id, item_id),
    foreign key (tenant_id, site_id) references site,
    foreign key (tenant_id, item_id) references item
);
