-- How large the database was, a row a day, to say when the disk will be full.

create table size_day (
    tenant_id   integer not null references tenant,
    day         date not null,
    size        bigint not null,
    primary key (tenant_id, day)
);
