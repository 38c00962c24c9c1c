-- What suppliers' terms say besides price, pack and minimum; terms that hold for a time; and what a supplier was asked
-- of an order, which stands as it is until they have answered.

alter table supplier
    -- What an order has to come to at least, and from what on they pay the freight, in the currency they bill in.
    add column minimum_value numeric check (minimum_value >= 0),
    add column free_freight_from numeric check (free_freight_from >= 0),
    -- Days on which they take orders: 'mon,thu'. Empty: every day.
    add column order_days text not null default '',
    -- Until what time of such a day, by the clock of the site that orders. Null: all day.
    add column orders_until time;

alter table supplier_item
    add column largest_order numeric check (largest_order > 0),
    -- What is needed of the item within so many days is ordered at once. 0: it is not waited for.
    add column batch_days int not null default 0 check (batch_days >= 0),
    -- Days that are always added to the lead time, and days by which it is ordered earlier where that is possible.
    add column safety_days double precision not null default 0 check (safety_days >= 0),
    add column soft_safety_days double precision not null default 0 check (soft_safety_days >= 0),
    -- The most units they can deliver in a week. Null: as many as are ordered.
    add column weekly_capacity numeric check (weekly_capacity > 0),
    -- The days on which it is sold to us at all. Null: no end is known.
    add column valid_from date,
    add column valid_until date,
    add check (valid_from <= valid_until);

-- For a time the terms say something else: what is null holds as always. Of several the one that began last counts.
create table supplier_period (
    tenant_id int not null,
    supplier_id bigint not null,
    item_id bigint not null,
    valid_from date not null,
    valid_until date,
    pack_size numeric check (pack_size > 0),
    minimum_order numeric check (minimum_order >= 0),
    largest_order numeric check (largest_order > 0),
    batch_days int check (batch_days >= 0),
    lead_time_days double precision check (lead_time_days >= 0),
    safety_days double precision check (safety_days >= 0),
    soft_safety_days double precision check (soft_safety_days >= 0),
    weekly_capacity numeric check (weekly_capacity > 0),
    primary key (tenant_id, supplier_id, item_id, valid_from),
    foreign key (tenant_id, supplier_id, item_id) references supplier_item on delete cascade,
    check (valid_from <= valid_until)
);

-- What the supplier was asked for: {"expected_at", "lines": [{"line", "quantity"}]}, with the lines that would change.
-- The order says what it said before, until they have answered.
alter table purchase_order add column asked jsonb;

-- What the lines said before a change, kept as a list once and as an object since costs could change.
create temporary table line_before on commit drop as
select o.tenant_id, o.purchase_order_id, coalesce(b ->> 'line', b ->> 0)::int as line,
       coalesce(b ->> 'quantity', b ->> 1)::numeric as quantity, (b ->> 'unit_cost')::numeric as unit_cost,
       coalesce(b ->> 'confirmed_quantity', b ->> 2)::numeric as confirmed_quantity,
       coalesce(b ->> 'promised_at', b ->> 3)::timestamptz as promised_at,
       (b ->> 'confirmed_cost')::numeric as confirmed_cost
from purchase_order o, jsonb_array_elements(o.before_change -> 'lines') b;

update purchase_order o set asked = jsonb_build_object('expected_at', o.expected_at, 'lines', coalesce(
    (select jsonb_agg(jsonb_build_object('line', l.line, 'quantity', l.quantity::text) order by l.line)
     from purchase_line l join line_before b using (tenant_id, purchase_order_id, line)
     where l.tenant_id = o.tenant_id and l.purchase_order_id = o.purchase_order_id
       and (l.quantity, l.confirmed_quantity) is distinct from (b.quantity, b.confirmed_quantity)), '[]'))
where before_change is not null;

update purchase_line l set
    quantity = b.quantity, unit_cost = coalesce(b.unit_cost, l.unit_cost), confirmed_quantity = b.confirmed_quantity,
    promised_at = b.promised_at, confirmed_cost = b.confirmed_cost
from line_before b
where b.tenant_id = l.tenant_id and b.purchase_order_id = l.purchase_order_id and b.line = l.line;

update purchase_order set expected_at = (before_change ->> 'expected_at')::timestamptz where before_change is not null;

-- A cancellation was in force as soon as it was asked for, and many an answer was never noted: what nobody has answered
-- for 90 days stays cancelled, and nobody is to ask about it any more.
with settled as (
    update purchase_order o set answer_to = null, asked_at = null, asked = null
    from (select tenant_id, business_anchor + (now() - wall_anchor) * rate as at from business_clock) today
    where today.tenant_id = o.tenant_id and o.state = 'cancelled' and o.answer_to = 'cancel'
      and o.asked_at <= today.at - interval '90 days'
    returning o.tenant_id, o.purchase_order_id, today.at)
update task t set state = 'done', closed_at = s.at, closed_by = 'system:upgrade', outcome = 'It is settled.'
from settled s
where t.tenant_id = s.tenant_id and t.subject = 'purchase_order:' || s.purchase_order_id
  and t.kind in ('supplier_unanswered', 'tell_supplier') and t.state in ('open', 'taken');

-- What was cancelled lately is a question, and the order is as far as its goods have come.
with lines as (
    select tenant_id, purchase_order_id, bool_or(received > 0) as came,
           bool_and(received >= coalesce(confirmed_quantity, quantity)) as all_came,
           bool_or(confirmed_quantity is not null) as confirmed
    from purchase_line group by tenant_id, purchase_order_id)
update purchase_order o set state = case
    when l.came and l.all_came then 'received'
    when l.came then 'part_received'
    when l.confirmed then 'confirmed'
    when o.sent_at is not null then 'sent' else 'approved' end
from lines l
where l.tenant_id = o.tenant_id and l.purchase_order_id = o.purchase_order_id
  and o.state = 'cancelled' and o.answer_to = 'cancel';

alter table purchase_order drop column before_change;
