-- Lists as people left them, and what the search box looks into.

-- A list of a page, narrowed and sorted, under a name. The query is the part of the address behind the question mark.
create table saved_filter (
    tenant_id int not null,
    filter_id bigint generated always as identity,
    user_id bigint not null,
    page text not null,
    name text not null check (name <> ''),
    query text not null,
    -- Whether everybody finds it, or whoever saved it alone.
    shared boolean not null default false,
    primary key (tenant_id, filter_id),
    unique (tenant_id, user_id, page, name),
    foreign key (tenant_id, user_id) references app_user
);
create index on saved_filter (tenant_id, page);

-- The one that somebody gets when they open a page.
create table default_filter (
    tenant_id int not null,
    user_id bigint not null,
    page text not null,
    filter_id bigint not null,
    primary key (tenant_id, user_id, page),
    foreign key (tenant_id, user_id) references app_user,
    foreign key (tenant_id, filter_id) references saved_filter on delete cascade
);
create index on default_filter (tenant_id, filter_id);

-- Beginnings of codes and numbers, in capitals or not. What is long is found by its beginning, what is short anywhere.
create index item_sku_begins on item (tenant_id, lower(sku) text_pattern_ops);
create index item_barcode_begins on item_barcode (tenant_id, lower(barcode) text_pattern_ops);
create index place_code_begins on place (tenant_id, lower(code) text_pattern_ops);
create index lot_code_begins on lot (tenant_id, lower(code) text_pattern_ops);
create index serial_begins on serial (tenant_id, lower(serial) text_pattern_ops);
create index sales_line_number_begins on sales_line (tenant_id, lower(order_number) text_pattern_ops);
create index sales_line_customer_begins on sales_line (tenant_id, lower(customer) text_pattern_ops)
    where customer is not null;
create index purchase_order_number_begins on purchase_order (tenant_id, lower(number) text_pattern_ops);
create index shipment_number_begins on shipment (tenant_id, lower(number) text_pattern_ops);
create index transfer_number_begins on transfer (tenant_id, lower(number) text_pattern_ops);
create index count_sheet_number_begins on count_sheet (tenant_id, lower(number) text_pattern_ops);
create index device_begins on device (tenant_id, lower(device) text_pattern_ops);
