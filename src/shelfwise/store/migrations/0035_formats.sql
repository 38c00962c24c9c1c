-- What devices speak, and what they announced about their topics.

-- Null: the topic or the path of a message says what it is written in.
alter table device add column format text;

-- What a device announced about the values on its topics, one row for each topic of an announcement, so that its states
-- are understood after a restart and by every door.
create table announced (
    tenant_id int not null references tenant,
    device text not null,
    topic text not null,
    -- A list of {topic, means: {device, kind, unit, path, name}}.
    states jsonb not null,
    primary key (tenant_id, device, topic),
    foreign key (tenant_id, device) references device on delete cascade
);
create trigger announced_changed after insert or update or delete or truncate on announced
    for each statement execute function tell_doors();
