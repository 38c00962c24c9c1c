-- Devices, what they said, and what could not be understood.

create table device (
    tenant_id int not null references tenant,
    device text not null,
    name text not null default '',
    -- Argon2 would cost the door a tenth of a second for each connection; device secrets are random, so a hash is enough.
    secret_hash bytea not null,
    -- Where it stands: a temperature sensor in a zone, a scale under a bin. Null: not placed yet.
    zone_id bigint,
    place_id bigint,
    -- What it may speak for: 'self', or 'gateway' for a gateway that reports for other devices.
    speaks_for text not null default 'self' check (speaks_for in ('self', 'gateway')),
    active boolean not null default true,
    provenance text not null default 'entered' check (provenance in ('entered', 'imported', 'invented')),
    primary key (tenant_id, device),
    foreign key (tenant_id, zone_id) references zone,
    foreign key (tenant_id, place_id) references place
);

-- Doors hold the devices in memory; whoever changes one, they hear of it when the change is committed.
create function tell_doors() returns trigger language plpgsql as $$
begin
    perform pg_notify('device', '');
    return null;
end $$;
create trigger device_changed after insert or update or delete or truncate on device
    for each statement execute function tell_doors();

create sequence reading_seq cache 1000;

-- One row a reading. The key holds the claimed time so that it is unique in each daily partition.
create table reading (
    tenant_id int not null,
    source_key uuid not null,
    observed_at timestamptz not null,
    received_at timestamptz not null,
    device text not null,
    kind text not null,
    -- Weight in g, temperature in degC, humidity in %RH, battery in %; null for kinds whose value is in detail.
    value double precision,
    detail jsonb,
    seq bigint not null default nextval('reading_seq'),
    tx xid8 not null default pg_current_xact_id(),
    primary key (tenant_id, source_key, observed_at)
) partition by range (observed_at);
create index on reading (tenant_id, tx, seq);

-- The newest reading of each device and kind; kept by a consumer, so that the door stays fast.
create table device_latest (
    tenant_id int not null,
    device text not null,
    kind text not null,
    value double precision,
    detail jsonb,
    observed_at timestamptz not null,
    received_at timestamptz not null,
    primary key (tenant_id, device, kind)
);

create table quarantine (
    tenant_id int not null references tenant,
    quarantine_id bigint generated always as identity,
    door text not null,
    device text not null,
    topic text not null,
    format text not null,
    received_at timestamptz not null,
    payload bytea not null,
    reason text not null,
    -- The same bytes from the same device for the same reason are one row, counted.
    fingerprint bytea not null,
    seen int not null default 1,
    state text not null default 'waiting' check (state in ('waiting', 'replayed', 'dropped')),
    decided_by text,
    decided_at timestamptz,
    primary key (tenant_id, quarantine_id)
);
create unique index quarantine_once on quarantine (tenant_id, fingerprint) where state = 'waiting';
