-- Backups that were asked for or made: what became of each. The files themselves lie in a folder.

create table backup_run (
    tenant_id   integer not null references tenant,
    backup_id   bigint generated always as identity,
    kind        text not null check (kind in ('daily', 'by-hand')),
    asked_by    text not null,
    asked_at    timestamptz not null,
    state       text not null check (state in ('asked', 'good', 'failed')),
    ended_at    timestamptz,
    file        text,
    size        bigint,
    problem     text,
    primary key (tenant_id, backup_id)
);
create index on backup_run (tenant_id, asked_at);
