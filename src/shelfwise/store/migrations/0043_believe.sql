-- By how much a device is known to be off, and of which time what it says counts as corrected by that.
-- What it shows is zero + span * truth.
create table device_correction (
    tenant_id int not null references tenant,
    correction_id bigint generated always as identity,
    device text not null,
    kind text not null,
    from_at timestamptz not null,
    -- Null: it holds.
    until_at timestamptz,
    -- In the kind's unit.
    zero double precision not null,
    span double precision not null check (span > 0),
    source text not null check (source in ('certificate', 'reference')),
    -- When it was found to be off; an older certificate does not say otherwise.
    found_on date not null,
    about text not null default '',
    told_by text not null,
    primary key (tenant_id, correction_id)
);
create unique index device_correction_now on device_correction (tenant_id, device, kind) where until_at is null;
create index on device_correction (tenant_id, device, kind, from_at);

-- What the device said itself, where what counts is another value.
alter table device_latest add column said double precision;

-- Whether it was set right then; till now, nothing else was recorded.
alter table device_calibration add column adjusted boolean not null default true;
