-- What every room stands on: tenants, clocks, people, keys, audit, facts and their consumers.
-- tenant_id leads every key, so that a sharded Postgres can hold it.

create table tenant (
    tenant_id int primary key,
    name text not null,
    currency char(3) not null,
    -- Tells this installation's orders from another's with the same number, at a supplier that serves both.
    installation uuid not null default gen_random_uuid()
);

-- Business time: at wall_anchor it was business_anchor, and it runs rate times as fast (0: stands still).
create table business_clock (
    tenant_id int primary key references tenant,
    wall_anchor timestamptz not null,
    business_anchor timestamptz not null,
    rate double precision not null check (rate >= 0)
);

-- Small facts of an installation that a person may want to see: the go-live instant, the demo's shift of dates.
create table setting (
    tenant_id int not null references tenant,
    name text not null,
    value jsonb not null,
    primary key (tenant_id, name)
);

create table app_user (
    tenant_id int not null references tenant,
    user_id bigint generated always as identity,
    login text not null,
    name text not null,
    password_hash text not null,
    role text not null check (role in ('manager', 'operator', 'viewer')),
    active boolean not null default true,
    primary key (tenant_id, user_id),
    unique (tenant_id, login)
);

create table session (
    tenant_id int not null,
    token_hash bytea not null,
    user_id bigint not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (tenant_id, token_hash),
    foreign key (tenant_id, user_id) references app_user
);

-- Failed sign-ins, for throttling; wall time.
create table sign_in_failure (
    tenant_id int not null references tenant,
    login text not null,
    failed_at timestamptz not null
);
create index on sign_in_failure (tenant_id, login, failed_at);

create table api_key (
    tenant_id int not null references tenant,
    key_id bigint generated always as identity,
    name text not null,
    key_hash bytea not null,
    scopes text[] not null,
    revoked boolean not null default false,
    primary key (tenant_id, key_id),
    unique (tenant_id, name),
    unique (tenant_id, key_hash)
);

create table audit_entry (
    tenant_id int not null references tenant,
    audit_id bigint generated always as identity,
    wall_at timestamptz not null,
    business_at timestamptz not null,
    actor_kind text not null,
    actor_name text not null,
    action text not null,
    subject text not null,
    detail jsonb not null default '{}',
    primary key (tenant_id, audit_id)
);

-- Business facts that other rooms read by cursor. (tx, event_id) orders them; a reader stops before the oldest
-- running transaction, because ids are handed out before their rows become visible.
create table event (
    tenant_id int not null references tenant,
    event_id bigint generated always as identity,
    tx xid8 not null default pg_current_xact_id(),
    kind text not null,
    subject text not null,
    data jsonb not null,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    primary key (tenant_id, event_id)
);
create index on event (tenant_id, tx, event_id);

create table consumer (
    tenant_id int not null references tenant,
    consumer text not null,
    stream text not null,
    tx xid8 not null,
    seq bigint not null,
    failing_seq bigint,
    attempts int not null default 0,
    retry_at timestamptz,
    primary key (tenant_id, consumer)
);

-- What a consumer could not digest, kept where a person sees it and can try it again.
create table parked (
    tenant_id int not null references tenant,
    parked_id bigint generated always as identity,
    consumer text not null,
    stream text not null,
    seq bigint not null,
    data jsonb not null,
    error text not null,
    parked_at timestamptz not null,
    state text not null default 'parked' check (state in ('parked', 'done', 'dropped')),
    primary key (tenant_id, parked_id)
);

-- Messages to other systems, written in the transaction that decided them; delivered at least once, each with a
-- stable idempotency key. Wall times: they are timeouts.
create table outbox (
    tenant_id int not null references tenant,
    outbox_id bigint generated always as identity,
    idempotency_key text not null,
    url text not null,
    body jsonb not null,
    created_at timestamptz not null,
    state text not null default 'waiting' check (state in ('waiting', 'delivered', 'failed')),
    attempts int not null default 0,
    next_attempt_at timestamptz not null,
    last_error text,
    primary key (tenant_id, outbox_id),
    unique (tenant_id, idempotency_key)
);
create index on outbox (tenant_id, next_attempt_at) where state = 'waiting';

create table alert (
    tenant_id int not null references tenant,
    alert_id bigint generated always as identity,
    kind text not null,
    -- What the alert is about, e.g. 'zone:12': one open alert for each kind and subject.
    subject text not null,
    severity text not null check (severity in ('attention', 'danger')),
    title text not null,
    detail text not null,
    link text not null,
    evidence jsonb not null default '{}',
    raised_at timestamptz not null,
    state text not null default 'open' check (state in ('open', 'acknowledged', 'cleared')),
    acknowledged_by text,
    acknowledged_at timestamptz,
    cleared_at timestamptz,
    primary key (tenant_id, alert_id)
);
create unique index alert_one_open on alert (tenant_id, kind, subject) where state <> 'cleared';

-- Which calendar work has been enqueued for which business day, so that each happens once.
create table calendar_run (
    tenant_id int not null references tenant,
    job text not null,
    day date not null,
    primary key (tenant_id, job, day)
);

-- Lasting documents' numbers without holes: PO-000001.
create table counter (
    tenant_id int not null references tenant,
    name text not null,
    value bigint not null,
    primary key (tenant_id, name)
);
