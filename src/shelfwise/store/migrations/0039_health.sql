-- Which devices to believe: what was learned of each, what is doubted, and what people said about it.

-- What was learned of a device's readings of one kind, by a consumer.
create table device_health (
    tenant_id int not null,
    device text not null,
    kind text not null,
    -- Its rhythm, clock, battery and curve, in little; see edge/health/model.py.
    state jsonb not null,
    -- The median of its hourly means of each of the last days, newest last; kept by the hourly judgement.
    levels jsonb not null default '[]',
    heard_at timestamptz not null,
    -- From how much silence on it is unusual, in seconds; null: not learned, or it reports by events.
    silent_after_s double precision,
    -- Seconds to add to the times it claims; null: they are taken as they are.
    correction_s double precision,
    primary key (tenant_id, device, kind)
) with (fillfactor = 60);
create index on device_health (tenant_id, device) where correction_s is not null;

-- What is known of the difference between two sensors of one kind in a zone; one < other.
create table device_pair (
    tenant_id int not null,
    kind text not null,
    one text not null,
    other text not null,
    state jsonb not null,
    primary key (tenant_id, kind, one, other)
);

-- Something about a device that is not as it should be; one unfinished for each kind and cause.
create table device_doubt (
    tenant_id int not null references tenant,
    doubt_id bigint generated always as identity,
    device text not null,
    -- '' where it is about the device as a whole.
    kind text not null default '',
    cause text not null,
    since timestamptz not null,
    noticed_at timestamptz not null,
    -- How much, in the unit of the cause; see edge/health/words.py.
    size double precision not null,
    evidence jsonb not null default '{}',
    -- A person looked and said that it is right: nothing is told of it until then.
    quiet_until timestamptz,
    answer text,
    answered_by text,
    ended_at timestamptz,
    primary key (tenant_id, doubt_id)
);
create unique index device_doubt_once on device_doubt (tenant_id, device, kind, cause) where ended_at is null;
create index on device_doubt (tenant_id, device);

-- What a scale or a sensor showed while the truth was known: a reference weight, counted pieces, another thermometer.
create table device_reference (
    tenant_id int not null references tenant,
    reference_id bigint generated always as identity,
    device text not null,
    kind text not null,
    at timestamptz not null,
    -- In the kind's unit.
    truth double precision not null,
    shown double precision not null,
    source text not null check (source in ('reference', 'count')),
    about text not null default '',
    told_by text not null,
    primary key (tenant_id, reference_id)
);
create index on device_reference (tenant_id, device, kind, at);

create table device_calibration (
    tenant_id int not null references tenant,
    calibration_id bigint generated always as identity,
    device text not null,
    kind text not null,
    done_on date not null,
    -- How much it showed more than the truth then, in the kind's unit; null: the certificate does not say.
    deviation double precision,
    due_on date,
    certificate text not null default '',
    told_by text not null,
    told_at timestamptz not null,
    primary key (tenant_id, calibration_id)
);
create index on device_calibration (tenant_id, device, kind, done_on);
