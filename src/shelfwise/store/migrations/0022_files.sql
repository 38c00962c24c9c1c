-- Files belong to any document, not to purchase orders alone: 'purchase_order:3', 'sales_order:SO-7', 'transfer:2'.

alter table attachment add column about text;
update attachment set about = 'purchase_order:' || purchase_order_id;
alter table attachment alter column about set not null;
alter table attachment drop column purchase_order_id;
create index on attachment (tenant_id, about, attachment_id);
