-- The first hour: what a company says of itself once, what is taken for granted where nobody said, a person's own
-- rules, and planning that somebody asked for.

alter table tenant
    -- The first admin has still to say who the company is.
    add column setup_due boolean not null default false,
    -- What a new site begins with.
    add column time_zone text not null default 'UTC',
    -- How numbers and days are written on pages: 1,234.5 or 1.234,5 or 1 234,5 or 1’234.5; 2 Mar or 02.03. or 03/02.
    add column numbers text not null default 'en' check (numbers in ('en', 'de', 'fr', 'ch')),
    add column days text not null default 'name' check (days in ('name', 'dmy', 'mdy', 'ymd')),
    -- What orders assume where a supplier's terms say no lead time.
    add column usual_lead_days double precision not null default 7 check (usual_lead_days between 0 and 3650),
    -- How long a supplier may be silent before somebody is asked to ask.
    add column answer_days int not null default 3 check (answer_days between 1 and 90);

-- Null: as the company writes them.
alter table app_user
    add column numbers text check (numbers in ('en', 'de', 'fr', 'ch')),
    add column days text check (days in ('name', 'dmy', 'mdy', 'ymd'));

-- Null: nobody said.
alter table supplier_item alter column lead_time_days drop not null;

-- A person's own rule for an item at a site: order when no more than reorder_point is there and on its way, up to
-- order_up_to. Null: one pack, or as many as bring it back to the reorder point.
create table item_rule (
    tenant_id int not null,
    item_id bigint not null,
    site_id bigint not null,
    reorder_point numeric not null check (reorder_point >= 0),
    order_up_to numeric check (order_up_to >= reorder_point),
    provenance text not null default 'entered' check (provenance in ('entered', 'imported', 'invented')),
    primary key (tenant_id, item_id, site_id),
    foreign key (tenant_id, item_id) references item,
    foreign key (tenant_id, site_id) references site
);
create index on item_rule (tenant_id, site_id);

-- What somebody has said the company does not need.
create table start_put_aside (
    tenant_id int not null references tenant,
    step text not null,
    put_aside_by text not null,
    put_aside_at timestamptz not null,
    primary key (tenant_id, step)
);

-- A forecast of a day may be made anew when its history has grown; what was acted on stays.
alter table forecast add column attempt int not null default 1;
alter table forecast drop constraint forecast_tenant_id_item_id_site_id_origin_key;
alter table forecast add unique (tenant_id, item_id, site_id, origin, attempt);

-- A look at a site that somebody, or an import, asked for. At most one waits for each site.
create table planning_run (
    tenant_id int not null,
    run_id bigint generated always as identity,
    site_id bigint not null,
    asked_by text not null,
    asked_at timestamptz not null,
    state text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'failed')),
    stage text not null default '',
    done int not null default 0,
    total int not null default 0,
    result jsonb not null default '{}',
    finished_at timestamptz,
    primary key (tenant_id, run_id),
    foreign key (tenant_id, site_id) references site
);
create unique index planning_run_waiting on planning_run (tenant_id, site_id) where state = 'waiting';
create index on planning_run (tenant_id, site_id, run_id);
