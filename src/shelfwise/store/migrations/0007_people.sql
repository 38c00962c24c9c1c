-- People: more roles, roles at single sites, keys with limits, sessions that can be listed, handhelds, sign-in throttling.

-- Who was a manager before could do everything, and that is an admin now.
alter table app_user drop constraint app_user_role_check;
update app_user set role = 'admin' where role = 'manager';
alter table app_user add constraint app_user_role_check
    check (role in ('admin', 'manager', 'quality', 'planner', 'operator', 'viewer'));

-- role is what they are at every site; null: nothing, but for what user_site_role gives.
-- A badge is what a handheld scans; the PIN belongs to it and opens nothing else.
alter table app_user
    alter column role drop not null,
    alter column password_hash drop not null,
    add column must_change boolean not null default false,
    add column badge text,
    add column pin_hash text,
    add column added_at timestamptz,
    add column added_by text;
create unique index app_user_badge on app_user (tenant_id, badge);

create table user_site_role (
    tenant_id int not null,
    user_id bigint not null,
    site_id bigint not null,
    role text not null check (role in ('manager', 'quality', 'planner', 'operator', 'viewer')),
    primary key (tenant_id, user_id, site_id),
    foreign key (tenant_id, user_id) references app_user,
    foreign key (tenant_id, site_id) references site
);

-- A device that is carried about a site: whoever has a badge and a PIN signs in on it. Wall times.
create table handheld (
    tenant_id int not null,
    handheld_id bigint generated always as identity,
    site_id bigint not null,
    name text not null,
    -- Null until the code was typed in on the device itself.
    token_hash bytea,
    idle interval not null,
    added_at timestamptz not null,
    added_by text not null,
    last_seen_at timestamptz,
    revoked_at timestamptz,
    primary key (tenant_id, handheld_id),
    unique (tenant_id, token_hash),
    foreign key (tenant_id, site_id) references site
);

-- What is shown once and works once: to choose a password, or to make a device a handheld.
create table one_time_code (
    tenant_id int not null references tenant,
    code_hash bytea not null,
    user_id bigint,
    handheld_id bigint,
    expires_at timestamptz not null,
    primary key (tenant_id, code_hash),
    foreign key (tenant_id, user_id) references app_user,
    foreign key (tenant_id, handheld_id) references handheld,
    check (num_nonnulls(user_id, handheld_id) = 1)
);

-- A session ends at expires_at, or when nothing was heard for `idle`. Wall times.
alter table session
    add column session_id bigint generated always as identity,
    add column last_seen_at timestamptz,
    add column idle interval not null default '2 hours',
    add column address text not null default '',
    add column agent text not null default '',
    add column handheld_id bigint,
    add foreign key (tenant_id, handheld_id) references handheld,
    add unique (tenant_id, session_id);
update session set last_seen_at = created_at;
alter table session alter column last_seen_at set default now(), alter column last_seen_at set not null;
create index session_of_user on session (tenant_id, user_id);

-- A browser that somebody signed in with before: strangers' failures elsewhere do not stand in its way.
create table known_device (
    tenant_id int not null,
    token_hash bytea not null,
    user_id bigint not null,
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    primary key (tenant_id, token_hash, user_id),
    foreign key (tenant_id, user_id) references app_user
);

-- door: 'password', 'pin' (login is then the badge, address the handheld) or 'code'; device: set for a known one.
alter table sign_in_failure
    add column door text not null default 'password',
    add column address text not null default '',
    add column device bytea;
create index sign_in_failure_address on sign_in_failure (tenant_id, door, address, failed_at);

alter table api_key
    add column everywhere boolean not null default true,
    add column added_at timestamptz,
    add column added_by text,
    add column expires_at timestamptz,
    add column last_used_at timestamptz,
    add column revoked_at timestamptz;

create table api_key_site (
    tenant_id int not null,
    key_id bigint not null,
    site_id bigint not null,
    primary key (tenant_id, key_id, site_id),
    foreign key (tenant_id, key_id) references api_key,
    foreign key (tenant_id, site_id) references site
);

create index audit_entry_actor on audit_entry (tenant_id, actor_kind, actor_name, audit_id);
create index audit_entry_subject on audit_entry (tenant_id, subject, audit_id);
create index audit_entry_action on audit_entry (tenant_id, action, audit_id);
create index audit_entry_wall on audit_entry (tenant_id, wall_at);
