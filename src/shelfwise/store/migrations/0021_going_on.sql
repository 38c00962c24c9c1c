-- A task that nobody took by its time goes on to the next role, as alerts do.

alter table task add column level int not null default 0, add column escalated_at timestamptz;
