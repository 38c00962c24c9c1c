"""The file of carriers' rate cards: a row for each price. Pure."""

from __future__ import annotations

from shelfwise.records.sheet import Column, Sheet

OF_PRICE = ("up_to_kg", "price", "per_kg")
"""What a row says of its own price."""
OF_ZONE = ("zone", "areas", "transit_days")
"""What it says of the zone: the same in each of its rows."""
OF_CARD = (
    Column("carrier", "code", "the carrier's code; one that is not there yet is added", True),
    Column("carrier_name", "text", "what people call the carrier; its code where left out"),
    Column("service_code", "code", "the carrier's code of the service", True),
    Column("service_name", "text", "what people call the service; its code where left out"),
    Column("site", "code", "the site that it picks up from; empty: every site"),
    Column("valid_from", "day", "the first day of these prices", True),
    Column("valid_until", "day", "their last day; empty: until other prices take their place"),
    Column("currency", "code", "three letters: EUR", True),
    Column("charged_per", "code", "parcel (each by itself) or shipment (all together); parcel where left out"),
    Column("dim_factor", "number", "cm3 that count as a kg, such as 5000; empty: only the actual weight counts"),
    Column("round_up_kg", "number", "what the chargeable weight is rounded up to, such as 0.5"),
    Column("minimum", "number", "the transport of a parcel (or shipment) costs no less; 0 where left out"),
    Column("fuel", "text", "percent for fuel: 18.5, or by day: 2026-01-01 18.5; 2026-02-01 17.25"),
    Column("surcharges", "text", "such as Home: residential 3.20; Long: over_length 120 12.00; Peak: always 4% +fuel"),
    Column("pick_up_days", "text", "days of the week on which it picks up; mon tue wed thu fri where left out"),
    Column("delivery_days", "text", "days of the week on which it delivers; mon tue wed thu fri where left out"),
    Column("cut_off", "code", "what is ready later goes on the next pick-up day; 16:00 where left out"),
    Column("holidays", "text", "days on which it neither picks up nor delivers: 2026-12-25; 2026-12-26"),
    Column("capacity_parcels", "whole", "how many parcels it takes along on one day; empty: any number"),
    Column("capacity_kg", "number", "how many kg it takes along on one day"),
    Column("max_weight_kg", "number", "of a parcel"),
    Column("max_length_cm", "number", "of the longest side of a parcel"),
    Column("max_girth_cm", "number", "of the longest side and twice the two others"),
    Column("cancel_cost", "number", "what giving a booking back costs; 0 where left out"),
)
"""What it says of the card as a whole: the same in each of its rows."""
RATE_CARDS = Sheet(
    "rate_cards", "Carriers' prices", "One row a price: what a service costs from a day on, in a zone, up to a weight.",
    ("carrier", "service_code", "site", "valid_from", "zone", "up_to_kg"),
    (
        *OF_CARD,
        Column("zone", "code", "what the zone is called", True),
        Column("areas", "text", "where the zone is: DE; AT 10..12; CH 8", True),
        Column("transit_days", "whole", "delivery days from pick-up to arrival", True),
        Column("up_to_kg", "number", "the price holds up to this weight; empty: however heavy"),
        Column("price", "number", "what it costs", True),
        Column("per_kg", "number", "for each kg above the weight of the price before, besides; 0 where left out"),
    ),
)  # fmt: skip
