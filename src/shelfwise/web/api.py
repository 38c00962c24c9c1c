"""The REST interface: the same services as the pages, for programs."""

from __future__ import annotations

from fastapi import APIRouter

from shelfwise.web import (
    api_accuracy,
    api_carriers,
    api_connections,
    api_counts,
    api_decisions,
    api_devices,
    api_floor,
    api_handover,
    api_history,
    api_incoming,
    api_ledger,
    api_orders,
    api_outside,
    api_promotions,
    api_proposed_transfers,
    api_purchases,
    api_records,
    api_risk,
    api_search,
    api_sellers,
    api_shipments,
    api_standing,
    api_stock,
    api_tags,
    api_transfers,
    api_waiting,
    api_what_if,
    api_work,
)

router = APIRouter(prefix="/api/v1")
for part in (
    # Before the records, whose addresses end in a SKU that may hold slashes.
    api_what_if, api_sellers,
    api_stock, api_ledger, api_counts, api_records, api_floor, api_orders, api_purchases, api_shipments, api_transfers,
    api_decisions, api_proposed_transfers, api_waiting, api_work, api_search, api_incoming,
    api_handover, api_history, api_standing, api_tags, api_devices, api_connections, api_accuracy,
    api_promotions, api_outside, api_risk, api_carriers,
):  # fmt: skip
    router.include_router(part.router)
