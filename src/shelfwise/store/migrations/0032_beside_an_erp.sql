-- Two ways to keep the books: here, or in an ERP that tells us what there is and takes our proposals.

alter table tenant
    add column books text not null default 'shelfwise' check (books in ('shelfwise', 'erp')),
    -- How approved proposals reach the ERP: as files in a folder, or asked for by REST.
    add column hand_over_by text not null default 'file' check (hand_over_by in ('file', 'rest')),
    -- For so long the ERP may be silent about one of them before a person is asked.
    add column hand_over_hours int not null default 48 check (hand_over_hours between 1 and 720);

-- What the ERP says lies at a site, and what was believed until then.
create table erp_stock (
    tenant_id int not null,
    site_id bigint not null,
    item_id bigint not null,
    quantity numeric not null check (quantity >= 0),
    -- As of when it holds: an older one does not replace it.
    as_of timestamptz not null,
    told_at timestamptz not null,
    believed numeric not null,
    primary key (tenant_id, site_id, item_id),
    foreign key (tenant_id, site_id) references site,
    foreign key (tenant_id, item_id) references item
);

-- What the ERP says is on order.
create table erp_order (
    tenant_id int not null,
    number text not null,
    line int not null,
    site_id bigint not null,
    item_id bigint not null,
    supplier_id bigint,
    -- Still to come.
    quantity numeric not null check (quantity >= 0),
    expected_at timestamptz not null,
    -- The key of the proposal behind it, where the ERP keeps it.
    reference text,
    as_of timestamptz not null,
    -- As of then it is no longer on order. Null: it is.
    gone_at timestamptz,
    primary key (tenant_id, number, line),
    foreign key (tenant_id, site_id) references site,
    foreign key (tenant_id, item_id) references item,
    foreign key (tenant_id, supplier_id) references supplier
);
create index on erp_order (tenant_id, site_id, item_id);

-- An approved proposal on its way into the ERP.
create table handover (
    tenant_id int not null,
    handover_id bigint generated always as identity,
    proposal_id bigint not null,
    -- The same however often it is handed over.
    key text not null,
    -- What was approved together.
    run text not null,
    site_id bigint not null,
    item_id bigint not null,
    supplier_id bigint not null,
    quantity numeric not null,
    unit_cost numeric not null,
    currency char(3) not null,
    wanted_at timestamptz not null,
    approved_by text not null,
    approved_at timestamptz not null,
    -- seen: it stands in the ERP's open orders, or has come.
    state text not null default 'approved'
        check (state in ('approved', 'handed_over', 'taken', 'refused', 'in_doubt', 'seen', 'withdrawn')),
    times int not null default 0,
    handed_at timestamptz,
    due_at timestamptz not null,
    erp_number text,
    reason text,
    settled_by text,
    settled_at timestamptz,
    primary key (tenant_id, handover_id),
    unique (tenant_id, key),
    foreign key (tenant_id, proposal_id) references proposal,
    foreign key (tenant_id, site_id) references site
);
create index on handover (tenant_id, site_id, item_id) where state not in ('refused', 'seen', 'withdrawn');
create index on handover (tenant_id, proposal_id);
