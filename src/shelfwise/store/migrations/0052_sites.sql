-- Transfers between sites are proposed beside purchases, and it is known how goods get from one site to another.

alter table proposal
    drop constraint proposal_action_check,
    alter column supplier_id drop not null,
    -- The site that gives; site_id is the one that takes.
    add column from_site_id bigint,
    add foreign key (tenant_id, from_site_id) references site,
    add constraint proposal_action_check check (
        action = 'purchase' and supplier_id is not null and from_site_id is null
        or action = 'transfer' and supplier_id is null and from_site_id is not null and from_site_id <> site_id);
-- An item has one open purchase at a site, and one open transfer from each other site.
drop index proposal_one_open;
create unique index proposal_one_open on proposal (tenant_id, action, site_id, item_id, from_site_id)
    nulls not distinct where state = 'proposed';

-- The proposal that a line was made for, so that it is made once.
alter table transfer_line add column decision_key text;
create unique index transfer_line_decision on transfer_line (tenant_id, decision_key);

-- How goods get from one site to another; where there is no row, what is usual counts.
create table lane (
    tenant_id int not null references tenant,
    from_site_id bigint not null,
    to_site_id bigint not null check (to_site_id <> from_site_id),
    -- From leaving to lying there.
    days double precision not null check (days between 0 and 365),
    -- In the company's currency.
    cost_per_shipment numeric not null check (cost_per_shipment >= 0),
    cost_per_kg numeric not null check (cost_per_kg >= 0),
    -- On which days of the week something leaves (1 is Monday); none: nothing is sent this way.
    weekdays int[] not null check (weekdays <@ array[1, 2, 3, 4, 5, 6, 7]),
    primary key (tenant_id, from_site_id, to_site_id),
    foreign key (tenant_id, from_site_id) references site,
    foreign key (tenant_id, to_site_id) references site
);

alter table tenant
    add column usual_lane_days double precision not null default 2 check (usual_lane_days between 0 and 365),
    add column usual_lane_cost double precision not null default 25 check (usual_lane_cost between 0 and 1000000);
