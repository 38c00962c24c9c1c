-- Promotions are planned and called off by people, and measured when they are over.

-- It will not take place, or never did. Kept, so that who asks why finds it.
alter table promotion add column called_off boolean not null default false;
create index on promotion (tenant_id, starts_on);

-- What a promotion of an item did at a site, and what came after it. `days` is 0 where nothing can be said.
create table promotion_lift (
    tenant_id int not null,
    promotion_id bigint not null,
    site_id bigint not null,
    span text not null check (span in ('during', 'after')),
    days int not null check (days >= 0),
    sold double precision not null check (sold >= 0),
    expected double precision not null check (expected >= 0),
    -- Standard deviation of what was expected.
    spread double precision not null check (spread >= 0),
    measured_at timestamptz not null,
    primary key (tenant_id, promotion_id, site_id, span),
    foreign key (tenant_id, promotion_id) references promotion on delete cascade,
    foreign key (tenant_id, site_id) references site
);
