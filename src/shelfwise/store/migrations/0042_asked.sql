-- When a device was asked to keep a pause between two readings, and by whom; business time.
alter table device add column asked_at timestamptz, add column asked_by text;
