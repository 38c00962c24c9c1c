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
