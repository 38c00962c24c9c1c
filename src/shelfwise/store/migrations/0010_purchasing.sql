-- Purchase orders: drafts, confirmations, changes, cancellations; who may approve how much; how they leave the house.

alter table supplier
    -- Where orders go by mail. An order_url goes before it.
    add column email text,
    -- What they call us.
    add column account_number text;

alter table purchase_order
    drop constraint purchase_order_state_check,
    add constraint purchase_order_state_check check (state in
        ('draft', 'approved', 'sent', 'confirmed', 'part_received', 'received', 'closed', 'cancelled')),
    alter column approved_by drop not null,
    alter column approved_at drop not null,
    add column created_by text,
    add column created_at timestamptz,
    -- The first approval does not suffice: why a second person is asked. Null: it does.
    add column second_needed text,
    add column second_approved_by text,
    add column second_approved_at timestamptz,
    add column note text not null default '',
    -- Counts what the supplier is told: 1 for the order itself, more for changes.
    add column revision int not null default 1,
    add column sent_revision int,
    -- What the supplier was asked for and has not answered.
    add column answer_to text check (answer_to in ('change', 'cancel')),
    -- The lines before the change that the supplier has not answered, to go back to.
    add column before_change jsonb;
update purchase_order set created_by = approved_by, created_at = approved_at;
update purchase_order set sent_revision = 1 where sent_at is not null;
alter table purchase_order
    alter column created_by set not null,
    alter column created_at set not null,
    add constraint purchase_order_approved check (state in ('draft', 'cancelled') or approved_by is not null);

alter table purchase_line
    -- What the supplier said it will send, and when. Null: nothing was said.
    add column confirmed_quantity numeric check (confirmed_quantity >= 0),
    add column promised_at timestamptz,
    -- Came damaged and is owed still.
    add column damaged numeric not null default 0 check (damaged >= 0),
    -- The decision behind it: one proposal makes one line, once. Null: it was written by hand.
    add column decision_key text,
    add unique (tenant_id, decision_key);
update purchase_line l set decision_key = o.decision_key from purchase_order o
    where o.tenant_id = l.tenant_id and o.purchase_order_id = l.purchase_order_id and o.decision_key like 'proposal:%';

-- Whether it counts as delivered: what came damaged is owed still, unless somebody says otherwise.
alter table receipt add column owed boolean not null default false;

-- What suppliers owe: the one definition of "on order".
create view purchase_outstanding as
    select o.tenant_id, o.site_id, l.item_id, l.purchase_order_id, l.line,
           coalesce(l.confirmed_quantity, l.quantity) - l.received as quantity,
           coalesce(l.promised_at, o.expected_at) as expected_at
    from purchase_order o join purchase_line l using (tenant_id, purchase_order_id)
    where o.state in ('approved', 'sent', 'confirmed', 'part_received')
      and coalesce(l.confirmed_quantity, l.quantity) > l.received;

-- How much one actor may approve alone, in the tenant's currency; '*' is for whoever has no row of their own.
create table approval_limit (
    tenant_id int not null references tenant,
    actor text not null,
    amount numeric not null check (amount >= 0),
    primary key (tenant_id, actor)
);

-- What may be ordered in a calendar month, at a site or (null) at all of them together, in the tenant's currency.
create table purchase_budget (
    tenant_id int not null references tenant,
    budget_id bigint generated always as identity,
    site_id bigint,
    month date not null check (extract(day from month) = 1),
    amount numeric not null check (amount >= 0),
    primary key (tenant_id, budget_id),
    unique nulls not distinct (tenant_id, site_id, month),
    foreign key (tenant_id, site_id) references site
);

-- What one unit of a currency is worth in the tenant's, from a day on.
create table exchange_rate (
    tenant_id int not null references tenant,
    currency char(3) not null,
    valid_from date not null,
    rate numeric not null check (rate > 0),
    primary key (tenant_id, currency, valid_from)
);

create table attachment (
    tenant_id int not null references tenant,
    attachment_id bigint generated always as identity,
    purchase_order_id bigint not null,
    file_name text not null,
    content bytea not null,
    added_by text not null,
    added_at timestamptz not null,
    primary key (tenant_id, attachment_id),
    foreign key (tenant_id, purchase_order_id) references purchase_order
);
create index on attachment (tenant_id, purchase_order_id);
