-- Who forecasts which kind of demand at a site, and who is on trial to do so.
create table demand_standing (
    tenant_id int not null,
    site_id bigint not null,
    -- A kind of demand, or 'all'.
    segment text not null,
    champion text not null,
    since date not null,
    -- Better in the races of the last nights, but still in the shadow.
    challenger text,
    nights int not null check (nights >= 0),
    -- By what share less the challenger lost in the newest race.
    gain double precision,
    -- Of the newest race.
    origin date not null,
    -- Of the newest race: its days and windows, and the scores of all that took part, by name.
    race jsonb not null,
    primary key (tenant_id, site_id, segment),
    foreign key (tenant_id, site_id) references site
);
