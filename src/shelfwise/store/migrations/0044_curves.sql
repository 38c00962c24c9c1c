-- A sensor is compared with its neighbours by its own hourly means of four weeks; of two sensors only what slow drift is
-- held against is kept.

create table device_curve (
    tenant_id int not null,
    device text not null,
    kind text not null,
    -- Where it stood meanwhile: in another zone it is compared anew.
    zone_id bigint not null,
    -- By day since 1970, its 24 hourly means; null: it said nothing then. Days in doubt are left out.
    days jsonb not null,
    primary key (tenant_id, device, kind)
);

alter table device_health drop column levels;

alter table device_pair add column reference double precision;
update device_pair set reference = (state ->> 'reference')::double precision;
alter table device_pair drop column state;
