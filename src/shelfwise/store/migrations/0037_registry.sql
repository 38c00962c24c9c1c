-- Who may speak for whom, what waits until somebody says whose it is, and which credential was used last.

alter table device
    add column description text not null default '',
    -- The family it was added as, such as 'scale'; '' where nobody said.
    add column family text not null default '',
    -- The gateway it reports through; a gateway that speaks for its own devices alone speaks for these.
    add column behind text,
    add column retired_at timestamptz,
    -- The secret before the present one is good until then (wall clock), so that a device can be given the new one.
    add column secret_before bytea,
    add column secret_before_until timestamptz,
    add foreign key (tenant_id, behind) references device on delete set null (behind);

-- For whom a gateway may speak, and how much may wait behind it; one that is not here speaks for every device.
create table gateway_scope (
    tenant_id int not null,
    gateway text not null,
    reach text not null check (reach in ('any', 'site', 'assigned')),
    site_id bigint,
    most_devices int not null check (most_devices >= 0),
    most_readings int not null check (most_readings > 0),
    most_bytes bigint not null check (most_bytes > 0),
    primary key (tenant_id, gateway),
    foreign key (tenant_id, gateway) references device on delete cascade,
    foreign key (tenant_id, site_id) references site,
    check ((reach = 'site') = (site_id is not null))
);
create trigger scope_changed after insert or update or delete or truncate on gateway_scope
    for each statement execute function tell_doors();

-- One secret by which many small senders of a site may sign in, each with its own name.
create table site_key (
    tenant_id int not null references tenant,
    site_key_id bigint generated always as identity,
    site_id bigint not null,
    name text not null,
    secret_hash bytea not null,
    active boolean not null default true,
    added_by text not null,
    added_at timestamptz not null,
    primary key (tenant_id, site_key_id),
    foreign key (tenant_id, site_id) references site
);
create trigger site_key_changed after insert or update or delete or truncate on site_key
    for each statement execute function tell_doors();

-- The last sign-in of each device, and what failed; doors write here now and then, not with each message. Wall clock.
create table device_sign_in (
    tenant_id int not null,
    device text not null,
    at timestamptz,
    address text not null default '',
    -- 'secret', 'secret before', or 'key:3' for the site key of this number.
    by_what text not null default '',
    failed bigint not null default 0,
    failed_at timestamptz,
    failed_address text not null default '',
    primary key (tenant_id, device),
    foreign key (tenant_id, device) references device on delete cascade
);

-- A device that nobody registered, as it was heard behind a gateway or with a site key.
create table unclaimed_device (
    tenant_id int not null references tenant,
    device text not null,
    -- The gateway it was heard behind first, or 'key:3' for a site key.
    behind text not null,
    state text not null default 'waiting' check (state in ('waiting', 'ignored')),
    first_at timestamptz not null,
    last_at timestamptz not null,
    kinds text[] not null default '{}',
    -- How many of its readings wait and their size; how many came while it was ignored, or beyond what may wait.
    kept int not null default 0,
    bytes bigint not null default 0,
    passed_over bigint not null default 0,
    decided_by text,
    decided_at timestamptz,
    primary key (tenant_id, device)
);
create index on unclaimed_device (tenant_id, behind);

create table unclaimed_reading (
    tenant_id int not null,
    device text not null,
    source_key uuid not null,
    observed_at timestamptz not null,
    received_at timestamptz not null,
    kind text not null,
    value double precision,
    detail jsonb,
    seq bigint generated always as identity,
    primary key (tenant_id, device, source_key, observed_at),
    foreign key (tenant_id, device) references unclaimed_device on delete cascade
);

-- What a gateway or a site key was refused because too much waited behind it already.
create table unclaimed_refusal (
    tenant_id int not null references tenant,
    behind text not null,
    readings bigint not null,
    first_at timestamptz not null,
    last_at timestamptz not null,
    told_at timestamptz not null,
    reason text not null,
    primary key (tenant_id, behind)
);
