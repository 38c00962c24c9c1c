-- What was repaired in a file on its way in: by name, where, why, and what became of what.

alter table import_batch add column repairs jsonb not null default '[]';
