-- Messages that must not be repeated blindly, and what became of each attempt.

alter table outbox drop constraint outbox_state_check;
alter table outbox
    add constraint outbox_state_check check (state in ('waiting', 'delivered', 'failed', 'withdrawn', 'in_doubt')),
    add column channel text not null default 'http' check (channel in ('http', 'mail', 'webhook')),
    -- Whether the receiver tells a repetition by the key. If not, an attempt that ended nobody knows how is in doubt.
    add column repeatable boolean not null default true,
    -- The attempt under way; what is found set after its lease has no known outcome.
    add column attempt_id bigint,
    -- How often a person had it sent again though it may have arrived.
    add column copies int not null default 0,
    -- The page and the site it belongs to, for whoever is told when it does not arrive.
    add column link text,
    add column site_id bigint,
    add foreign key (tenant_id, site_id) references site;

create table outbox_attempt (
    tenant_id int not null,
    attempt_id bigint generated always as identity,
    outbox_id bigint not null,
    began_at timestamptz not null,
    ended_at timestamptz,
    -- Null while it lasts, and for ever where the process died during it.
    outcome text check (outcome in ('delivered', 'not_delivered', 'rejected', 'unknown')),
    detail text,
    primary key (tenant_id, attempt_id),
    foreign key (tenant_id, outbox_id) references outbox on delete cascade
);
create index on outbox_attempt (tenant_id, outbox_id, attempt_id);

-- Where an alert is. Null: it concerns all sites, or nobody knows.
alter table alert add column site_id bigint, add foreign key (tenant_id, site_id) references site;
update alert a set site_id = z.site_id from zone z
    where z.tenant_id = a.tenant_id and a.subject = 'zone:' || z.zone_id;
update alert a set site_id = s.site_id from site s
    where s.tenant_id = a.tenant_id and a.subject = 'site:' || s.site_id;
update alert a set site_id = s.site_id from site s
    where s.tenant_id = a.tenant_id and a.subject like 'item:%:site:' || s.site_id;
update alert a set site_id = p.site_id from place p
    where p.tenant_id = a.tenant_id and a.subject = 'place:' || p.place_id;

-- Alerts: how often the cause was told, who is told next, and until when somebody does not want to hear of it.
alter table alert
    add column times int not null default 1,
    add column told_at timestamptz,
    -- How far up the ladder of roles it has come, and since when.
    add column level int not null default 0,
    add column escalated_at timestamptz,
    add column snoozed_until timestamptz,
    add column snoozed_by text,
    -- What a person said when they settled an alert whose cause nobody watches.
    add column outcome text;
update alert set told_at = raised_at;
alter table alert alter column told_at set not null;
create index alert_waiting on alert (tenant_id, alert_id) where state <> 'cleared';
create index alert_cleared on alert (tenant_id, cleared_at) where state = 'cleared';

-- What people are to do. Business times.
create table task (
    tenant_id int not null references tenant,
    task_id bigint generated always as identity,
    kind text not null,
    -- What it is about, e.g. 'place:12': one unfinished task for each kind and subject.
    subject text not null,
    site_id bigint,
    title text not null,
    detail text not null,
    -- Why it is to be done, and why now.
    why text not null,
    link text not null,
    evidence jsonb not null default '{}',
    priority text not null default 'normal' check (priority in ('low', 'normal', 'high')),
    -- Whose it is while nobody has it; and the login of whoever has it.
    role text not null,
    owner text,
    due_at timestamptz,
    state text not null default 'open' check (state in ('open', 'taken', 'done', 'dropped')),
    opened_at timestamptz not null,
    opened_by text not null,
    taken_at timestamptz,
    closed_at timestamptz,
    closed_by text,
    outcome text,
    snoozed_until timestamptz,
    snoozed_by text,
    primary key (tenant_id, task_id),
    foreign key (tenant_id, site_id) references site,
    check ((owner is not null) >= (state = 'taken'))
);
create unique index task_one_unfinished on task (tenant_id, kind, subject) where state in ('open', 'taken');
create index task_finished on task (tenant_id, closed_at) where state in ('done', 'dropped');

create table task_note (
    tenant_id int not null,
    note_id bigint generated always as identity,
    task_id bigint not null,
    said_at timestamptz not null,
    said_by text not null,
    words text not null,
    primary key (tenant_id, note_id),
    foreign key (tenant_id, task_id) references task
);
create index on task_note (tenant_id, task_id, note_id);

-- Who wants to hear of which facts: another system by webhook, a person by mail.
create table subscription (
    tenant_id int not null references tenant,
    subscription_id bigint generated always as identity,
    name text not null,
    channel text not null check (channel in ('webhook', 'mail')),
    url text not null,
    -- 'stock.moved', 'alert.*' or '*'.
    kinds text[] not null,
    -- Null: every site, and what belongs to none.
    sites bigint[],
    -- Whose it is; null: the installation's. What its owner may not see is not sent.
    user_id bigint,
    state text not null default 'active' check (state in ('active', 'paused', 'disabled', 'removed')),
    why text,
    -- Facts recorded before this business instant are not sent.
    since timestamptz not null,
    added_at timestamptz not null,
    added_by text not null,
    -- Wall time of the first failure since the last success.
    failing_since timestamptz,
    last_success_at timestamptz,
    primary key (tenant_id, subscription_id),
    foreign key (tenant_id, user_id) references app_user
);

-- What a webhook is signed with. Of two the older is valid until it expires. Wall times.
create table webhook_secret (
    tenant_id int not null,
    secret_id bigint generated always as identity,
    subscription_id bigint not null,
    secret bytea not null,
    made_at timestamptz not null,
    expires_at timestamptz,
    primary key (tenant_id, secret_id),
    foreign key (tenant_id, subscription_id) references subscription
);

alter table outbox
    add column subscription_id bigint,
    add foreign key (tenant_id, subscription_id) references subscription;
create index outbox_of_subscription on outbox (tenant_id, subscription_id, outbox_id) where subscription_id is not null;
