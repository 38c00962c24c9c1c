-- What outlives a connection at the MQTT door, and which devices are connected.

-- A session that its client wants to find again. Wall times: nothing in here is business.
create table mqtt_session (
    tenant_id int not null,
    session_id bigint generated always as identity,
    device text not null,
    client_id text not null,
    -- The gateway that holds or held its connection.
    gateway text not null,
    -- For how long it is kept once its connection has ended.
    expiry_s bigint not null check (expiry_s >= 0),
    -- Null while it is connected.
    ended_at timestamptz,
    -- Topic to QoS granted.
    subscriptions jsonb not null default '{}',
    -- The digest of the configuration that the client has acknowledged.
    delivered bytea,
    primary key (tenant_id, session_id),
    unique (tenant_id, device, client_id),
    foreign key (tenant_id, device) references device on delete cascade
);

-- Messages of QoS 2 that are stored and not yet released by their sender: a copy that comes meanwhile is none of its own.
create table mqtt_receipt (
    tenant_id int not null,
    session_id bigint not null,
    packet_id int not null check (packet_id between 1 and 65535),
    primary key (tenant_id, session_id, packet_id),
    foreign key (tenant_id, session_id) references mqtt_session on delete cascade
);

-- Whether a device is connected to the MQTT door. Business times, as those of readings.
create table device_presence (
    tenant_id int not null,
    device text not null,
    online boolean not null,
    -- Since when it is, or is not.
    since timestamptz not null,
    -- How its last connection ended: 'left' with a word of farewell, 'lost' without, 'closed' by the gateway.
    ended text check (ended in ('left', 'lost', 'closed')),
    -- What its will says, where it left one and the connection was not ended by its own word.
    last_words text,
    gateway text not null,
    primary key (tenant_id, device),
    foreign key (tenant_id, device) references device on delete cascade,
    check (online = (ended is null))
);

-- The pause between two readings that a device is asked to keep; null: its own choice.
alter table device add column asked_interval_s int check (asked_interval_s between 1 and 604800);
