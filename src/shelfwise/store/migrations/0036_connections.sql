-- Where we connect out to hear of devices: readers that wait for somebody to call, and brokers that were there before us.

create table connection (
    tenant_id int not null,
    connection_id bigint generated always as identity,
    -- Whoever speaks through the connection speaks as this device.
    device text not null,
    kind text not null check (kind in ('llrp', 'mqtt')),
    host text not null,
    port int not null check (port between 1 and 65535),
    -- A reader's antennas and power, a broker's topics; the shape is in edge/connections.py. No secrets.
    settings jsonb not null,
    -- How many gateways may hold it at once, each a slot of its own. A reader: one.
    slots int not null default 1 check (slots between 1 and 32),
    active boolean not null default true,
    primary key (tenant_id, connection_id),
    unique (tenant_id, device),
    foreign key (tenant_id, device) references device on delete cascade
);

-- What a broker wants to see at sign-in. Apart, so that nothing that is shown is read from here.
create table connection_secret (
    tenant_id int not null,
    connection_id bigint not null,
    password text,
    -- A client's certificate and its key, PEM.
    certificate text,
    private_key text,
    primary key (tenant_id, connection_id),
    foreign key (tenant_id, connection_id) references connection on delete cascade
);

-- Which gateway holds which slot, until when (wall time), and how it fares. Whoever does not renew it loses it.
create table connection_lease (
    tenant_id int not null,
    connection_id bigint not null,
    slot int not null,
    held_by text,
    -- Null: nobody ever held it.
    held_until timestamptz,
    state text not null default 'waiting' check (state in ('waiting', 'connecting', 'connected', 'trouble')),
    since timestamptz,
    -- What went wrong last, in words, and when.
    trouble text,
    trouble_at timestamptz,
    per_second double precision,
    heard_at timestamptz,
    -- What the other side said of itself: model, antennas, version.
    facts jsonb not null default '{}',
    primary key (tenant_id, connection_id, slot),
    foreign key (tenant_id, connection_id) references connection on delete cascade
);

create function tell_gateways() returns trigger language plpgsql as $$
begin
    perform pg_notify('connection', '');
    return null;
end $$;
create trigger connection_changed after insert or update or delete or truncate on connection
    for each statement execute function tell_gateways();
create trigger connection_secret_changed after insert or update or delete or truncate on connection_secret
    for each statement execute function tell_gateways();
