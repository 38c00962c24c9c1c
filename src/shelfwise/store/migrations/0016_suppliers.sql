-- Suppliers as people know them, their prices by quantity and day, and who we are on paper.

alter table supplier
    add column address text not null default '',
    -- In which currency they bill. Null: as the terms of each item say.
    add column currency char(3),
    -- How numbers are written on what they read: 1,234.50 or 1.234,50 or 1 234,50.
    add column numbers text not null default 'en' check (numbers in ('en', 'de', 'fr'));

-- What they call the item.
alter table supplier_item add column supplier_sku text not null default '';

-- What one unit costs from so many on, from a day on; 0 from on: the price itself, known ahead.
create table supplier_price (
    tenant_id int not null,
    supplier_id bigint not null,
    item_id bigint not null,
    from_quantity numeric not null check (from_quantity >= 0),
    valid_from date not null,
    unit_cost numeric not null check (unit_cost >= 0),
    primary key (tenant_id, supplier_id, item_id, from_quantity, valid_from),
    foreign key (tenant_id, supplier_id, item_id) references supplier_item on delete cascade
);

alter table tenant
    add column address text not null default '',
    add column tax_number text not null default '',
    add column contact text not null default '';

-- Where goods for it are delivered.
alter table site add column address text not null default '';

alter table purchase_line
    -- 0: ordered once, and no longer wanted.
    drop constraint purchase_line_quantity_check,
    add constraint purchase_line_quantity_check check (quantity >= 0),
    -- What the supplier said one unit will cost. Null: nothing was said.
    add column confirmed_cost numeric check (confirmed_cost >= 0);

alter table purchase_order
    -- When the supplier was asked for what answer_to says. Null: nothing is asked.
    add column asked_at timestamptz;
update purchase_order set asked_at = coalesce(sent_at, approved_at) where answer_to is not null;
