-- What rules make of faults in the history of sales. Lines stay as they were told; a mend says what one counts for.
-- Without a line it is a whole day whose records are missing.
create table demand_mend (
    tenant_id int not null,
    mend_id bigint generated always as identity,
    site_id bigint not null,
    rule text not null check (rule in ('cancelled', 'copied', 'repeated', 'unit', 'one_off', 'gap')),
    day date not null,
    item_id bigint,
    sales_line_id bigint,
    -- The line that says so: what cancels this one, or what it repeats.
    other_line_id bigint,
    before numeric,
    after numeric check (after >= 0),
    why jsonb not null,
    state text not null check (state in ('applied', 'waiting', 'refused')),
    found_at timestamptz not null,
    -- Null: the rule applied itself, or nobody has decided yet.
    decided_by text,
    decided_at timestamptz,
    primary key (tenant_id, mend_id),
    unique (tenant_id, sales_line_id),
    check ((sales_line_id is null) = (rule = 'gap')),
    check ((sales_line_id is null) = (item_id is null) and (sales_line_id is null) = (after is null)),
    foreign key (tenant_id, site_id) references site,
    foreign key (tenant_id, item_id) references item,
    foreign key (tenant_id, sales_line_id) references sales_line on delete cascade,
    foreign key (tenant_id, other_line_id) references sales_line on delete cascade
);
create unique index on demand_mend (tenant_id, site_id, day) where sales_line_id is null;
create index on demand_mend (tenant_id, site_id, rule, state, mend_id);
create index on demand_mend (tenant_id, other_line_id) where other_line_id is not null;

-- Rules that a person switched off: what they found is shown and changes nothing.
create table demand_rule_off (
    tenant_id int not null references tenant,
    rule text not null,
    switched_by text not null,
    switched_at timestamptz not null,
    primary key (tenant_id, rule)
);
