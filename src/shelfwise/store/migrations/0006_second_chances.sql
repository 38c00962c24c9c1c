-- A person can have a parked fact tried again ('retry': asked for, and not tried yet), and a message that a person
-- delivered in another way is withdrawn.
alter table parked drop constraint parked_state_check;
alter table parked add constraint parked_state_check check (state in ('parked', 'retry', 'done', 'dropped'));
create index on parked (tenant_id, parked_id) where state in ('parked', 'retry');

alter table outbox drop constraint outbox_state_check;
alter table outbox add constraint outbox_state_check check (state in ('waiting', 'delivered', 'failed', 'withdrawn'));
