-- Carriers and their rate cards, where shipments go and by when, what was booked for them, and when that arrived.

create table carrier (
    tenant_id int not null references tenant,
    carrier_id bigint generated always as identity,
    code text not null check (code <> ''),
    name text not null,
    primary key (tenant_id, carrier_id),
    unique (tenant_id, code)
);

-- What a service costs from a day on. A card is read, checked and replaced as a whole, so it is one document.
create table rate_card (
    tenant_id int not null,
    rate_card_id bigint generated always as identity,
    carrier_id bigint not null,
    service_code text not null check (service_code <> ''),
    -- Where it picks up. Null: at every site.
    site_id bigint,
    valid_from date not null,
    valid_until date check (valid_until >= valid_from),
    -- As `planning.carriers.model.RateCard` says, in exact decimals.
    card jsonb not null,
    changed_by text not null,
    changed_at timestamptz not null,
    primary key (tenant_id, rate_card_id),
    unique nulls not distinct (tenant_id, carrier_id, service_code, site_id, valid_from),
    foreign key (tenant_id, carrier_id) references carrier,
    foreign key (tenant_id, site_id) references site
);

-- Where a shipment goes and by when, as somebody said it.
create table shipment_destination (
    tenant_id int not null,
    shipment_id bigint not null,
    -- Two letters.
    country text not null check (country ~ '^[A-Z]{2}$'),
    postal_code text not null,
    residential boolean not null,
    -- It may be delivered on a Saturday.
    saturday boolean not null,
    -- Null: nobody said by when.
    due_on date,
    -- When it can be picked up. Null: now.
    ready_at timestamptz,
    -- What all of it weighs, where its boxes do not say. Null: what its items weigh.
    weight_kg numeric check (weight_kg > 0),
    primary key (tenant_id, shipment_id),
    foreign key (tenant_id, shipment_id) references shipment
);

-- A service that was chosen for a shipment, at the price and with the chance of that moment.
create table shipment_booking (
    tenant_id int not null,
    booking_id bigint generated always as identity,
    shipment_id bigint not null,
    site_id bigint not null,
    rate_card_id bigint not null,
    zone text not null,
    price numeric not null check (price >= 0),
    currency text not null,
    -- The lines of the price: name, amount, how.
    price_lines jsonb not null,
    parcels int not null check (parcels > 0),
    weight_kg numeric not null check (weight_kg > 0),
    pick_up_on date not null,
    promised_on date not null,
    due_on date,
    chance double precision not null check (chance between 0 and 1),
    -- What the service cost that was proposed then, in the installation's currency.
    best_price numeric,
    booked_by text not null,
    booked_at timestamptz not null,
    cancelled_by text,
    cancelled_at timestamptz,
    -- When the carrier says that it will come. Null: it has said nothing since.
    expected_on date,
    arrived_on date,
    -- Delivery days after the promise of the day on which it really left; negative: before it.
    days_late int,
    primary key (tenant_id, booking_id),
    foreign key (tenant_id, shipment_id) references shipment,
    foreign key (tenant_id, site_id) references site,
    foreign key (tenant_id, rate_card_id) references rate_card,
    check ((cancelled_by is null) = (cancelled_at is null)),
    check ((arrived_on is null) = (days_late is null))
);
create unique index shipment_booking_stands on shipment_booking (tenant_id, shipment_id) where cancelled_at is null;
create index shipment_booking_of_card on shipment_booking (tenant_id, rate_card_id);
create index shipment_booking_of_day on shipment_booking (tenant_id, pick_up_on) where cancelled_at is null;
