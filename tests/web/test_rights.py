"""Every route, walked by nobody, by each role and by keys: who lacks the right is told so and changes nothing."""

from __future__ import annotations

import pytest
from fastapi import FastAPI

from shelfwise.access import service as access
from shelfwise.access.context import Office
from shelfwise.access.model import Right, Role, person
from shelfwise.agents import service as agents
from shelfwise.store.database import values
from shelfwise.web import api
from shelfwise.web import app as web
from shelfwise.work import alerts
from tests.access.written import MATRIX
from tests.web.conftest import AsRole, Client
from tests.web.world import World, propose

OPEN = {
    "/livez", "/readyz", "/sign-in", "/sign-out", "/theme", "/new-password", "/handheld", "/handheld/enrol",
    "/handheld/sign-in", "/api/v1/openapi.json", "/phone", "/phone/trusted", "/phone/shelfwise.crt",
    "/phone/shelfwise.mobileconfig", "/offline", "/service-worker.js", "/manifest.webmanifest",
}  # fmt: skip

ZONE: dict[str, object] = {
    "code": "Z9", "name": "Z9", "kind": "ambient", "x_m": "0", "y_m": "0", "width_m": "2", "depth_m": "2",
    "delay": "10",
}  # fmt: skip
REST_ZONE = {"code": "Z8", "name": "Z8", "kind": "ambient", "x_m": 0, "y_m": 0, "width_m": 2, "depth_m": 2}
CARD: dict[str, object] = {
    "service_code": "NEW", "valid_from": "2026-01-01", "currency": "EUR", "charged_per": "parcel", "zone": "near",
    "areas": "GB", "transit_days": "1", "up_to_kg": "30", "price": "9", "per_kg": "", "pick_up_days": "mon",
    "delivery_days": "mon", "cut_off": "16:00", "site": "LON",
}  # fmt: skip
REST_CARD: dict[str, object] = {
    "carrier": "FOX", "service_code": "NEW", "valid_from": "2026-01-01", "currency": "EUR", "site": "LON",
    "prices": [{"zone": "near", "areas": "GB", "transit_days": 1, "price": "9"}],
}  # fmt: skip
# What each changing route needs, its form or its JSON. Whatever is missing here fails the test that counts routes.
CHANGES: dict[str, tuple[Right, dict[str, object]]] = {
    "/alerts/{alert_id}/acknowledge": (Right.HANDLE_ALERTS, {}),
    "/alerts/{alert_id}/give-back": (Right.HANDLE_ALERTS, {}),
    "/alerts/{alert_id}/snooze": (Right.HANDLE_ALERTS, {"until": "hour"}),
    "/alerts/{alert_id}/settle": (Right.HANDLE_ALERTS, {"note": "counted"}),
    # Whoever sees an alert may say that it is wrong, and whoever sees a task may say something about it.
    "/alerts/{alert_id}/wrong": (Right.VIEW, {"note": "it is not"}),
    "/tasks/{task_id}/wrong": (Right.VIEW, {"note": "it is not"}),
    "/proposals/{proposal_id}/wrong": (Right.VIEW, {"note": "it is not"}),
    "/items/{item_id}/wrong": (Right.VIEW, {"site": "LON", "about": "stock", "note": "it is not"}),
    "/alerts/{alert_id}/pass-on": (Right.HANDLE_ALERTS, {"reason": "no ladder"}),
    "/tasks/{task_id}/pass-on": (Right.HANDLE_ALERTS, {"reason": "no ladder"}),
    "/tasks": (Right.HANDLE_ALERTS, {"title": "Sweep", "site": "1"}),
    "/tasks/{task_id}/take": (Right.HANDLE_ALERTS, {}),
    "/tasks/{task_id}/done": (Right.HANDLE_ALERTS, {"note": "swept"}),
    "/tasks/{task_id}/drop": (Right.HANDLE_ALERTS, {"reason": "rain"}),
    "/tasks/{task_id}/hand-over": (Right.HANDLE_ALERTS, {"to": ""}),
    "/tasks/{task_id}/reopen": (Right.HANDLE_ALERTS, {"reason": "dust"}),
    "/tasks/{task_id}/snooze": (Right.HANDLE_ALERTS, {"until": "hour"}),
    "/tasks/{task_id}/note": (Right.VIEW, {"note": "soon"}),
    "/webhooks": (
        Right.MANAGE_SETTINGS,
        {"whose": "installation", "channel": "mail", "name": "Ana", "address": "ana@example.com", "kinds": "alert.*"},
    ),
    # Everybody may have mail of their own, and nobody but admins touches others' subscriptions.
    "/webhooks/{subscription_id}/secret": (Right.VIEW, {}),
    "/webhooks/{subscription_id}/test": (Right.VIEW, {}),
    "/webhooks/{subscription_id}/pause": (Right.VIEW, {}),
    "/webhooks/{subscription_id}/resume": (Right.VIEW, {}),
    "/webhooks/{subscription_id}/send-again": (Right.VIEW, {}),
    "/webhooks/{subscription_id}/remove": (Right.VIEW, {}),
    "/api/v1/tasks/{task_id}/take": (Right.HANDLE_ALERTS, {}),
    "/api/v1/tasks/{task_id}/done": (Right.HANDLE_ALERTS, {"note": "swept"}),
    "/api/v1/alerts/{alert_id}/snooze": (Right.HANDLE_ALERTS, {"until": None}),
    "/proposals/{proposal_id}/approve": (Right.DECIDE_PROPOSALS, {"amount": "6"}),
    "/proposals/{proposal_id}/reject": (Right.DECIDE_PROPOSALS, {"note": "no"}),
    "/data/mends/{mend_id}": (Right.RUN_PLANNING, {"verdict": "apply"}),
    "/data/duplicates/search": (Right.EDIT_RECORDS, {}),
    "/data/duplicates/{kind}/{one}/{other}": (Right.EDIT_RECORDS, {"verdict": "apart"}),
    "/data/rules/{rule}/waiting": (Right.RUN_PLANNING, {"verdict": "apply"}),
    "/data/rules/{rule}": (Right.RUN_PLANNING, {"state": "off"}),
    "/proposals/transfers/decide": (Right.DECIDE_PROPOSALS, {"verb": "reject", "pick": "1"}),
    "/proposals/transfers/{transfer_proposal_id}/approve": (Right.DECIDE_PROPOSALS, {"amount": "1"}),
    "/proposals/transfers/{transfer_proposal_id}/reject": (Right.DECIDE_PROPOSALS, {"note": "no"}),
    "/proposals/transfers/{transfer_proposal_id}/take-back": (Right.DECIDE_PROPOSALS, {}),
    "/proposals/transfers/{transfer_proposal_id}/wrong": (Right.VIEW, {"note": "it is not"}),
    "/api/v1/proposed-transfers/{transfer_proposal_id}/approve": (Right.DECIDE_PROPOSALS, {}),
    "/api/v1/proposed-transfers/{transfer_proposal_id}/reject": (Right.DECIDE_PROPOSALS, {"note": "no"}),
    "/api/v1/proposed-transfers/{transfer_proposal_id}/take-back": (Right.DECIDE_PROPOSALS, {}),
    "/lanes": (Right.EDIT_RECORDS, {"start": "LON", "end": "LON2", "days": "1", "cost_per_shipment": "9"}),
    "/proposals/plan": (Right.RUN_PLANNING, {}),
    "/proposals/decide": (Right.DECIDE_PROPOSALS, {"verb": "reject", "pick": "1"}),
    "/proposals/take-back": (Right.DECIDE_PROPOSALS, {"pick": "1"}),
    "/orders/{purchase_order_id}/receive": (
        Right.RECEIVE_GOODS,
        {"line": "1", "amount": "6", "place": "DOCK", "source": "s"},
    ),
    "/orders/{purchase_order_id}/sent": (Right.RUN_PLANNING, {}),
    "/orders/new": (Right.DECIDE_PROPOSALS, {}),
    "/orders/{purchase_order_id}/edit": (Right.DECIDE_PROPOSALS, {}),
    "/orders/{purchase_order_id}/approve": (Right.DECIDE_PROPOSALS, {}),
    "/orders/{purchase_order_id}/take-back": (Right.DECIDE_PROPOSALS, {"reason": "no"}),
    "/orders/{purchase_order_id}/merge": (Right.DECIDE_PROPOSALS, {}),
    "/orders/{purchase_order_id}/confirm": (Right.RUN_PLANNING, {}),
    "/orders/{purchase_order_id}/change": (Right.DECIDE_PROPOSALS, {"amount-1": "6"}),
    "/orders/{purchase_order_id}/cancel": (Right.DECIDE_PROPOSALS, {"reason": "no"}),
    "/orders/{purchase_order_id}/answer": (Right.RUN_PLANNING, {"accepted": "yes"}),
    "/orders/{purchase_order_id}/take-back-question": (Right.DECIDE_PROPOSALS, {}),
    "/orders/{purchase_order_id}/arrived": (Right.RUN_PLANNING, {"has_it": "yes"}),
    "/orders/{purchase_order_id}/reopen": (Right.DECIDE_PROPOSALS, {"reason": "no"}),
    "/orders/{purchase_order_id}/restore": (Right.DECIDE_PROPOSALS, {"reason": "no"}),
    "/files": (Right.RECEIVE_GOODS, {}),
    "/stock/hold": (Right.HOLD_STOCK, {"item": "1", "site": "LON", "reason": "smells"}),
    "/stock/release": (Right.RELEASE_STOCK, {"item": "1", "site": "LON", "reason": "fine", "password": "x"}),
    "/move": (
        Right.ISSUE_GOODS,
        {"site": "LON", "from": "A-001", "sku": "21001", "amount": "1", "to": "A-002", "source": "m"},
    ),
    "/records/items/new": (Right.EDIT_RECORDS, {"sku": "NEW", "unit": "each", "quantum": "1", "tracking": "none"}),
    "/records/items/{item_id}": (Right.EDIT_RECORDS, {"sku": "21001", "unit": "each", "quantum": "1"}),
    "/records/items/{item_id}/archive": (Right.EDIT_RECORDS, {}),
    "/records/items/{item_id}/restore": (Right.EDIT_RECORDS, {}),
    "/records/items/{item_id}/packs": (
        Right.EDIT_RECORDS,
        {"level": "case", "amount": "12", "valid_from": "2026-03-02"},
    ),
    "/records/items/{item_id}/replaces": (Right.EDIT_RECORDS, {"sku": "OLD", "from_day": "2026-01-01"}),
    "/records/items/{item_id}/barcodes": (Right.EDIT_RECORDS, {"barcode": "4006381333931"}),
    "/records/items/{item_id}/barcodes/remove": (Right.EDIT_RECORDS, {"barcode": "4006381333931"}),
    "/records/sites/new": (
        Right.EDIT_RECORDS,
        {"code": "N", "name": "North", "time_zone": "Europe/London", "width_m": "9", "depth_m": "9"},
    ),
    "/records/sites/{site_id}": (
        Right.EDIT_RECORDS,
        {"code": "LON", "name": "City", "time_zone": "Europe/London", "width_m": "30", "depth_m": "20"},
    ),
    "/records/sites/{site_id}/zones/new": (Right.EDIT_RECORDS, ZONE),
    "/records/sites/{site_id}/lay-out": (Right.EDIT_RECORDS, {"first": "A"}),
    "/records/zones/{zone_id}": (Right.EDIT_RECORDS, ZONE),
    "/records/sites/{site_id}/places/new": (Right.EDIT_RECORDS, {"code": "Z-99", "kind": "bin"}),
    "/records/places/{place_id}": (Right.EDIT_RECORDS, {"code": "A-001", "kind": "bin"}),
    "/records/places/{place_id}/archive": (Right.EDIT_RECORDS, {}),
    "/records/places/{place_id}/restore": (Right.EDIT_RECORDS, {}),
    "/handle/adjust": (
        Right.ADJUST_STOCK,
        {"item": "1", "place": "11", "amount": "29", "before": "30", "reason": "seen", "source": "a"},
    ),
    "/handle/write-off": (
        Right.ADJUST_STOCK,
        {"item": "1", "place": "11", "amount": "1", "reason": "broken", "source": "w"},
    ),
    "/handle/convert": (
        Right.ISSUE_GOODS,
        {"item": "1", "place": "11", "amount": "1", "to_sku": "21001", "to_amount": "6", "source": "c"},
    ),
    "/opening": (
        Right.ADJUST_STOCK,
        {"site": "LON", "source": "o", "sku-1": "21001", "place-1": "A-001", "amount-1": "1"},
    ),
    "/returns/new": (
        Right.RECEIVE_GOODS,
        {"site": "LON", "sku": "21001", "amount": "1", "place": "DOCK", "source": "b"},
    ),
    "/orders/{purchase_order_id}/send-back": (
        Right.RECEIVE_GOODS,
        {"line": "1", "amount": "1", "place": "DOCK", "reason": "broken", "source": "g"},
    ),
    "/lot/correct": (Right.RELEASE_STOCK, {"item": "1", "code": "L1", "reason": "read wrong"}),
    "/batches/{batch_id}/reverse": (Right.ADJUST_STOCK, {"reason": "wrong"}),
    "/counts": (Right.COUNT_STOCK, {"site": "LON", "bins": "A-001"}),
    "/counts/{count_id}/places/{place_id}": (Right.COUNT_STOCK, {}),
    "/counts/{count_id}/finish": (Right.COUNT_STOCK, {}),
    "/counts/{count_id}/cancel": (Right.COUNT_STOCK, {"reason": "no"}),
    "/counts/{count_id}/approve": (Right.ADJUST_STOCK, {}),
    "/counts/{count_id}/again": (Right.ADJUST_STOCK, {"place": "1"}),
    "/carriers/new": (Right.EDIT_RECORDS, {"code": "OWL", "name": "Owl"}),
    "/carriers/{carrier_id}": (Right.EDIT_RECORDS, {"name": "Fox"}),
    "/carriers/{carrier_id}/cards/new": (Right.EDIT_RECORDS, CARD),
    "/rate-cards/{rate_card_id}": (Right.EDIT_RECORDS, CARD),
    "/rate-cards/{rate_card_id}/remove": (Right.EDIT_RECORDS, {}),
    "/shipments/{shipment_id}/destination": (Right.CHOOSE_CARRIER, {"country": "GB", "postal_code": "E1"}),
    "/shipments/{shipment_id}/choose": (Right.CHOOSE_CARRIER, {"rate_card_id": "1"}),
    "/shipments/{shipment_id}/choice/cancel": (Right.CHOOSE_CARRIER, {"reason": "no"}),
    "/shipments/{shipment_id}/expected": (Right.CHOOSE_CARRIER, {"day": "2026-03-04"}),
    "/shipments/{shipment_id}/arrived": (Right.CHOOSE_CARRIER, {"day": "2026-03-02"}),
    "/sending": (Right.CHOOSE_CARRIER, {"pick": "1:1:9"}),
    "/api/v1/rate-cards": (Right.EDIT_RECORDS, REST_CARD),
    "/api/v1/rate-cards/{rate_card_id}": (Right.EDIT_RECORDS, REST_CARD),
    "/api/v1/shipments/{shipment_id}/destination": (Right.CHOOSE_CARRIER, {"country": "GB"}),
    "/api/v1/shipments/{shipment_id}/choose": (Right.CHOOSE_CARRIER, {"rate_card_id": 1}),
    "/api/v1/shipments/{shipment_id}/choice/cancel": (Right.CHOOSE_CARRIER, {"reason": "no"}),
    "/api/v1/shipments/{shipment_id}/expected": (Right.CHOOSE_CARRIER, {"day": "2026-03-04"}),
    "/api/v1/shipments/{shipment_id}/arrived": (Right.CHOOSE_CARRIER, {"day": "2026-03-02"}),
    "/suppliers/new": (Right.EDIT_RECORDS, {"name": "Mill", "code": "MILL"}),
    "/suppliers/{supplier_id}": (Right.EDIT_RECORDS, {"name": "Mill", "code": "MILL"}),
    "/suppliers/{supplier_id}/terms": (
        Right.EDIT_RECORDS,
        {"sku": "21001", "unit_cost": "2", "currency": "EUR", "lead_time_days": "5"},
    ),
    "/suppliers/{supplier_id}/terms/remove": (Right.EDIT_RECORDS, {"sku": "21001"}),
    "/setup": (Right.MANAGE_PEOPLE, {"company": "Klein"}),
    "/start/look": (Right.RUN_PLANNING, {}),
    "/start/steps/{step}": (Right.MANAGE_SETTINGS, {"aside": "true"}),
    "/go-live": (Right.IMPORT_DATA, {"when": "now", "confirmed": "yes"}),
    "/devices/connections": (
        Right.MANAGE_DEVICES,
        {"kind": "llrp", "device": "gate-9", "host": "192.0.2.9", "port": "5084"},
    ),
    "/devices/connections/{connection_id}": (Right.MANAGE_DEVICES, {"host": "192.0.2.9", "port": "5084"}),
    "/api/v1/connections": (
        Right.MANAGE_DEVICES,
        {"kind": "llrp", "device": "gate-8", "host": "192.0.2.9", "port": 5084},
    ),
    "/api/v1/connections/{connection_id}": (Right.MANAGE_DEVICES, {"host": "192.0.2.9", "port": 5084}),
    "/api/v1/connections/{connection_id}/active": (Right.MANAGE_DEVICES, {"active": False}),
    "/api/v1/connections/{connection_id}/remove": (Right.MANAGE_DEVICES, {}),
    "/devices/connections/{connection_id}/try": (Right.MANAGE_DEVICES, {}),
    "/devices/connections/{connection_id}/active": (Right.MANAGE_DEVICES, {"active": "false"}),
    "/devices/connections/{connection_id}/remove": (Right.MANAGE_DEVICES, {}),
    "/devices/new": (Right.MANAGE_DEVICES, {"device": "scale-99"}),
    "/devices/{device}/secret": (Right.MANAGE_DEVICES, {}),
    "/portals/doors/{dock_id}": (Right.MANAGE_DEVICES, {"policy": "off"}),
    # Goods that came in take the right to receive, others that to issue; what the tests have came in.
    "/portals/loads/{load_id}/book": (Right.RECEIVE_GOODS, {"document": "purchase_order:1"}),
    "/portals/loads/{load_id}/reject": (Right.RECEIVE_GOODS, {"reason": "carried about"}),
    "/api/v1/portals/loads/{load_id}/book": (Right.RECEIVE_GOODS, {"document": "purchase_order:1"}),
    "/api/v1/portals/loads/{load_id}/reject": (Right.RECEIVE_GOODS, {"reason": "carried about"}),
    "/tags/bind": (Right.RECEIVE_GOODS, {"site": "LON", "sku": "21001", "epcs": "E28011608888"}),
    "/tags/print": (Right.RECEIVE_GOODS, {"sku": "21001"}),
    "/tags/{tag_epc}/off": (Right.RECEIVE_GOODS, {"reason": "torn"}),
    "/tags/{tag_epc}/replace": (Right.RECEIVE_GOODS, {"new": "E28011607777", "reason": "torn"}),
    "/api/v1/tags": (
        Right.RECEIVE_GOODS,
        {"site": "LON", "sku": "21001", "epcs": ["E28011606666"], "quantity": "1"},
    ),
    "/api/v1/tags/{tag_epc}/off": (Right.RECEIVE_GOODS, {"reason": "torn"}),
    "/devices/{device}/move": (Right.MANAGE_DEVICES, {"antenna": "1", "stands": ""}),
    "/api/v1/devices/{device}/move": (Right.MANAGE_DEVICES, {"antenna": 1}),
    "/devices/{device}/format": (Right.MANAGE_DEVICES, {"format": "impinj"}),
    "/devices/{device}/active": (Right.MANAGE_DEVICES, {"active": "false"}),
    "/devices/many": (Right.MANAGE_DEVICES, {"told": "scale-97, Scale, scale", "add": "yes"}),
    "/devices/{device}/asked": (Right.MANAGE_DEVICES, {"pause": "60"}),
    "/devices/{device}/words": (Right.MANAGE_DEVICES, {"name": "Scale at the door"}),
    "/devices/{device}/behind": (Right.MANAGE_DEVICES, {}),
    "/devices/{device}/scope": (Right.MANAGE_DEVICES, {"reach": "any", "most_devices": "1", "most_readings": "1"}),
    "/devices/{device}/retire": (Right.MANAGE_DEVICES, {}),
    "/devices/{device}/delete": (Right.MANAGE_DEVICES, {}),
    "/devices/unclaimed/{unclaimed_device}": (Right.MANAGE_DEVICES, {}),
    "/devices/unclaimed/{unclaimed_device}/ignore": (Right.MANAGE_DEVICES, {}),
    "/devices/unclaimed/{unclaimed_device}/listen": (Right.MANAGE_DEVICES, {}),
    "/devices/site-keys": (Right.MANAGE_DEVICES, {"site": "1", "name": "Boards"}),
    "/devices/site-keys/{site_key}/revoke": (Right.MANAGE_DEVICES, {}),
    "/api/v1/devices": (Right.MANAGE_DEVICES, {"devices": [{"device": "scale-98"}]}),
    "/api/v1/devices/{device}/secret": (Right.MANAGE_DEVICES, {"overlap_minutes": 0}),
    "/api/v1/devices/unclaimed/{unclaimed_device}/claim": (Right.MANAGE_DEVICES, {}),
    "/api/v1/devices/unclaimed/{unclaimed_device}/ignore": (Right.MANAGE_DEVICES, {}),
    "/devices/doubts/{doubt_id}/right": (Right.HANDLE_ALERTS, {"note": "held another beside it"}),
    "/devices/{device}/replaced": (Right.MANAGE_DEVICES, {}),
    "/devices/{device}/calibrated": (Right.MANAGE_DEVICES, {"kind": "temperature", "done_on": "2026-03-01"}),
    "/devices/{device}/compared": (Right.HANDLE_ALERTS, {"kind": "temperature", "truth": "4", "shown": "5"}),
    "/devices/{device}/uncorrected": (Right.MANAGE_DEVICES, {"kind": "temperature"}),
    "/system/readings": (Right.MANAGE_SETTINGS, {"kind": "tag", "days": "40"}),
    "/settings": (Right.MANAGE_SETTINGS, {"name": "Test"}),
    "/settings/habits": (
        Right.MANAGE_SETTINGS,
        {
            "time_zone": "UTC",
            "numbers": "en",
            "days": "name",
            "usual_lead_days": "7",
            "usual_lane_days": "2",
            "usual_lane_cost": "25",
            "answer_days": "3",
            "take_back_minutes": "30",
        },
    ),
    "/records/items/{item_id}/rules/{site_id}": (Right.EDIT_RECORDS, {"reorder_point": "5"}),
    "/system/backups": (Right.MANAGE_SETTINGS, {}),
    "/settings/sites/{site_id}/address": (Right.EDIT_RECORDS, {"address": "Gate 4"}),
    "/settings/test-mail": (Right.MANAGE_SETTINGS, {"to": "ana@example.com"}),
    "/today/seen": (Right.VIEW, {"until": "2026-03-02T12:00:00+00:00"}),
    "/measures/told": (
        Right.EDIT_RECORDS,
        {
            "site": "LON",
            "metric": "count_accuracy",
            "value": "87",
            "first": "2026-01-01",
            "last": "2026-01-31",
            "source": "stocktake",
        },
    ),
    "/items/{item_id}/overrides": (
        Right.RUN_PLANNING,
        {"site": "LON", "first": "2026-03-05", "last": "2026-03-08", "quantity": "+20 %", "reason": "fair"},
    ),
    "/overrides/{override_id}/take-back": (Right.RUN_PLANNING, {}),
    "/api/v1/items/{sku}/overrides": (
        Right.RUN_PLANNING,
        {"first_day": "2026-04-05", "last_day": "2026-04-08", "quantity": "5", "reason": "fair"},
    ),
    "/api/v1/overrides/{override_id}/take-back": (Right.RUN_PLANNING, {}),
    "/measures/carrying-rate": (Right.MANAGE_SETTINGS, {"rate": "25"}),
    "/planning/{site_id}": (Right.RUN_PLANNING, {"aim-A": "fill", "level-A": "98"}),
    "/approval/limit": (Right.MANAGE_SETTINGS, {"actor": "*", "amount": "5"}),
    "/approval/budget": (Right.MANAGE_SETTINGS, {"month": "2026-03", "amount": "5"}),
    "/approval/rate": (Right.MANAGE_SETTINGS, {"currency": "USD", "valid_from": "2026-01-01", "rate": "1"}),
    "/outbox/{outbox_id}/send-again": (Right.DECIDE_PROPOSALS, {}),
    "/parked/{parked_id}/try-again": (Right.REPLAY_QUARANTINE, {}),
    "/parked/{parked_id}/drop": (Right.REPLAY_QUARANTINE, {"note": "no"}),
    "/orders/{purchase_order_id}/close": (Right.DECIDE_PROPOSALS, {"reason": "no"}),
    "/movements/{movement_id}/reverse": (Right.ADJUST_STOCK, {"reason": "wrong", "sku": "21001"}),
    "/sales/new": (Right.TAKE_ORDERS, {"site": "LON", "sku-1": "21001", "amount-1": "1"}),
    "/sales/shipments": (Right.ISSUE_GOODS, {"order_number": "X0", "site": "LON"}),
    "/sales/returns": (Right.RECEIVE_GOODS, {"line": "1", "amount": "1", "place": "DOCK", "source": "s"}),
    "/sales/lines/{sales_line_id}/first": (Right.TAKE_ORDERS, {"reason": "no"}),
    "/sales/lines/{sales_line_id}/hold-back": (Right.TAKE_ORDERS, {"reason": "no"}),
    "/sales/lines/{sales_line_id}/let-wait": (Right.TAKE_ORDERS, {}),
    "/sales/lines/{sales_line_id}/allow-part": (Right.TAKE_ORDERS, {"allow": "true"}),
    "/sales/lines/{sales_line_id}/cancel": (Right.TAKE_ORDERS, {"reason": "no"}),
    "/sales/notes": (Right.ISSUE_GOODS, {"order_number": "X0", "note": "n"}),
    "/shipments/{shipment_id}/pick": (Right.ISSUE_GOODS, {"stop": "1", "amount": "1", "source": "s"}),
    "/shipments/{shipment_id}/pack": (Right.ISSUE_GOODS, {"weight-1": "1"}),
    "/shipments/{shipment_id}/ship": (Right.ISSUE_GOODS, {}),
    "/shipments/{shipment_id}/cancel": (Right.ISSUE_GOODS, {"reason": "no"}),
    "/shipments/{shipment_id}/reopen": (Right.ISSUE_GOODS, {"reason": "no"}),
    "/transfers/new": (Right.TRANSFER_GOODS, {"from": "LON", "to": "LON", "due": "2026-03-09"}),
    "/transfers/{transfer_id}/edit": (Right.TRANSFER_GOODS, {"due": "2026-03-09"}),
    "/transfers/{transfer_id}/approve": (Right.TRANSFER_GOODS, {}),
    "/transfers/{transfer_id}/ship": (
        Right.ISSUE_GOODS,
        {"line": "1", "amount": "1", "place": "A-001", "source": "s"},
    ),
    "/transfers/{transfer_id}/receive": (
        Right.RECEIVE_GOODS,
        {"line": "1", "amount": "1", "place": "DOCK", "source": "s"},
    ),
    "/transfers/{transfer_id}/back": (
        Right.RECEIVE_GOODS,
        {"line": "1", "amount": "1", "place": "DOCK", "source": "s"},
    ),
    "/transfers/{transfer_id}/lost": (Right.ADJUST_STOCK, {"line": "1", "amount": "1", "reason": "no"}),
    "/transfers/{transfer_id}/close": (Right.TRANSFER_GOODS, {"reason": "no"}),
    "/transfers/{transfer_id}/cancel": (Right.TRANSFER_GOODS, {"reason": "no"}),
    "/quarantine/{quarantine_id}/replay": (Right.REPLAY_QUARANTINE, {}),
    "/quarantine/{quarantine_id}/drop": (Right.REPLAY_QUARANTINE, {}),
    "/import": (Right.IMPORT_DATA, {}),
    "/import/{job_id}/start": (Right.IMPORT_DATA, {}),
    "/import/{job_id}/choose": (Right.IMPORT_DATA, {}),
    "/sources/new": (Right.IMPORT_DATA, {"code": "till", "name": "Till"}),
    "/sources/{source_id}": (Right.IMPORT_DATA, {"code": "till", "name": "Till"}),
    "/promotions/new": (
        Right.RUN_PLANNING,
        {"code": "MAY", "site": "1", "starts_on": "2026-05-01", "ends_on": "2026-05-03", "items": "21001"},
    ),
    "/promotions/{promotion_id}": (
        Right.RUN_PLANNING,
        {"code": "MAY", "site": "1", "starts_on": "2026-05-01", "ends_on": "2026-05-03", "items": "21001"},
    ),
    "/promotions/{promotion_id}/call-off": (Right.RUN_PLANNING, {"reason": "no"}),
    "/promotions/{promotion_id}/put-back": (Right.RUN_PLANNING, {}),
    "/api/v1/promotions": (
        Right.RUN_PLANNING,
        {"promotion": "MAY", "site": "LON", "starts_on": "2026-05-01", "ends_on": "2026-05-03", "skus": ["21001"]},
    ),
    "/api/v1/promotions/{promotion_id}": (
        Right.RUN_PLANNING,
        {"promotion": "MAY", "site": "LON", "starts_on": "2026-05-01", "ends_on": "2026-05-03", "skus": ["21001"]},
    ),
    "/api/v1/promotions/{promotion_id}/call-off": (Right.RUN_PLANNING, {"reason": "no"}),
    "/api/v1/promotions/{promotion_id}/put-back": (Right.RUN_PLANNING, {}),
    "/outside/new": (Right.EDIT_RECORDS, {"name": "Warmth", "site": "1", "frequency": "day", "kind": "weather"}),
    "/outside/{series_id}": (
        Right.EDIT_RECORDS,
        {"name": "Warmth", "site": "1", "frequency": "day", "kind": "weather"},
    ),
    "/outside/{series_id}/values": (Right.IMPORT_DATA, {"of": "2026-03-01", "value": "4.5"}),
    "/outside/{series_id}/stop": (Right.EDIT_RECORDS, {}),
    "/outside/{series_id}/resume": (Right.EDIT_RECORDS, {}),
    "/outside/{series_id}/refresh": (Right.IMPORT_DATA, {}),
    "/outside/{series_id}/feed": (
        Right.MANAGE_SETTINGS,
        {"url": "https://localhost/", "format": "csv", "date_at": "day", "value_at": "warmth"},
    ),
    "/outside/{series_id}/feed/remove": (Right.MANAGE_SETTINGS, {}),
    "/api/v1/outside": (Right.EDIT_RECORDS, {"name": "Warmth", "site": "LON"}),
    "/api/v1/outside/{series_id}": (Right.EDIT_RECORDS, {"name": "Warmth", "site": "LON"}),
    "/api/v1/outside/{series_id}/values": (Right.IMPORT_DATA, {"values": [{"day": "2026-03-01", "value": 4.5}]}),
    "/api/v1/outside/{series_id}/stop": (Right.EDIT_RECORDS, {}),
    "/api/v1/outside/{series_id}/resume": (Right.EDIT_RECORDS, {}),
    "/api/v1/outside/{series_id}/refresh": (Right.IMPORT_DATA, {}),
    "/customers/new": (Right.EDIT_RECORDS, {"code": "C9", "name": "Cafe"}),
    "/customers/{customer_id}": (Right.EDIT_RECORDS, {"code": "C1", "name": "Cafe"}),
    "/erp": (Right.MANAGE_SETTINGS, {"keeper": "shelfwise"}),
    "/handover/{handover_key}": (Right.RUN_PLANNING, {"verdict": "taken", "number": "PO-1"}),
    "/api/v1/handover/{handover_key}/taken": (Right.RUN_PLANNING, {"number": "PO-1"}),
    "/api/v1/handover/{handover_key}/refused": (Right.RUN_PLANNING, {"reason": "no"}),
    "/imports/{file_id}/undo": (Right.IMPORT_DATA, {}),
    "/people": (Right.MANAGE_PEOPLE, {"login": "nina", "name": "Nina"}),
    "/people/{user_id}": (Right.MANAGE_PEOPLE, {"name": "Omar", "role": "operator"}),
    "/people/{user_id}/password-code": (Right.MANAGE_PEOPLE, {}),
    "/people/{user_id}/badge": (Right.MANAGE_PEOPLE, {"badge": "B-0815"}),
    "/people/{user_id}/pin": (Right.MANAGE_PEOPLE, {}),
    "/people/{user_id}/end-sessions": (Right.MANAGE_PEOPLE, {}),
    "/people/{user_id}/deactivate": (Right.MANAGE_PEOPLE, {}),
    "/people/{user_id}/reactivate": (Right.MANAGE_PEOPLE, {}),
    "/sessions/{session_id}/end": (Right.MANAGE_PEOPLE, {}),
    "/handhelds": (Right.MANAGE_PEOPLE, {"name": "Zebra 3", "site": "LON"}),
    "/handhelds/{handheld_id}/code": (Right.MANAGE_PEOPLE, {}),
    "/handhelds/{handheld_id}/revoke": (Right.MANAGE_PEOPLE, {}),
    "/keys": (Right.MANAGE_PEOPLE, {"name": "shop", "scope": "view"}),
    "/keys/{key_id}/revoke": (Right.MANAGE_PEOPLE, {}),
    "/export": (Right.IMPORT_DATA, {"sheet": "items"}),
    # What everybody may do for themselves.
    "/filters": (Right.VIEW, {"page": "orders", "name": "Late ones", "query": "show=late"}),
    "/filters/none/open": (Right.VIEW, {"page": "orders"}),
    "/filters/{filter_id}": (Right.VIEW, {"name": "Later ones"}),
    "/filters/{filter_id}/remove": (Right.VIEW, {}),
    "/filters/{filter_id}/open": (Right.VIEW, {}),
    "/account/password": (Right.VIEW, {"old": "x", "password": "three random words", "again": "three random words"}),
    "/account/pin": (Right.VIEW, {"password": "x", "pin": "4711"}),
    "/account/sessions/{session_id}/end": (Right.VIEW, {}),
    "/account/end-others": (Right.VIEW, {}),
    "/api/v1/items": (Right.EDIT_RECORDS, {"sku": "REST"}),
    "/api/v1/items/{sku}/change": (Right.EDIT_RECORDS, {"description": "Mug"}),
    "/api/v1/items/{sku}/archive": (Right.EDIT_RECORDS, {}),
    "/api/v1/items/{sku}/restore": (Right.EDIT_RECORDS, {}),
    "/api/v1/items/{sku}/packs": (
        Right.EDIT_RECORDS,
        {"level": "case", "quantity": 12, "valid_from": "2026-03-02"},
    ),
    "/api/v1/items/{sku}/replaces": (Right.EDIT_RECORDS, {"replaces": "OLD", "from_day": "2026-01-01"}),
    "/api/v1/items/{sku}/replaces/remove": (Right.EDIT_RECORDS, {}),
    "/api/v1/items/{sku}/barcodes": (Right.EDIT_RECORDS, {"barcode": "CASE-2"}),
    "/api/v1/items/{sku}/barcodes/remove": (Right.EDIT_RECORDS, {"barcode": "CASE-2"}),
    "/api/v1/sites": (
        Right.EDIT_RECORDS,
        {"code": "S", "name": "South", "time_zone": "Europe/London", "width_m": 9, "depth_m": 9},
    ),
    "/api/v1/sites/{site_id}/change": (Right.EDIT_RECORDS, {"name": "City"}),
    "/api/v1/sites/{site_id}/zones": (Right.EDIT_RECORDS, REST_ZONE),
    "/api/v1/zones/{zone_id}/change": (Right.EDIT_RECORDS, {"name": "Cold"}),
    "/api/v1/sites/{site_id}/floor": (Right.EDIT_RECORDS, {"only_say": True}),
    "/api/v1/sites/{site_id}/places": (Right.EDIT_RECORDS, {"code": "Z-97"}),
    "/api/v1/places/{place_id}/change": (Right.EDIT_RECORDS, {"capacity": 70}),
    "/api/v1/places/{place_id}/archive": (Right.EDIT_RECORDS, {}),
    "/api/v1/places/{place_id}/restore": (Right.EDIT_RECORDS, {}),
    "/api/v1/sales-lines/{sales_line_id}/first": (Right.TAKE_ORDERS, {"reason": "no"}),
    "/api/v1/sales-lines/{sales_line_id}/hold-back": (Right.TAKE_ORDERS, {"reason": "no"}),
    "/api/v1/sales-lines/{sales_line_id}/let-wait": (Right.TAKE_ORDERS, {}),
    "/api/v1/sales-lines/{sales_line_id}/allow-part": (Right.TAKE_ORDERS, {"allow": True}),
    "/api/v1/sales-lines/{sales_line_id}/cancel": (Right.TAKE_ORDERS, {"reason": "no"}),
    "/api/v1/shipments": (Right.ISSUE_GOODS, {"order_number": "X0", "site": "LON"}),
    "/api/v1/shipments/{shipment_id}/picks": (Right.ISSUE_GOODS, {"stop": 1, "quantity": 1, "source": "s"}),
    "/api/v1/shipments/{shipment_id}/pack": (Right.ISSUE_GOODS, {"boxes": [{}]}),
    "/api/v1/shipments/{shipment_id}/ship": (Right.ISSUE_GOODS, {}),
    "/api/v1/shipments/{shipment_id}/cancel": (Right.ISSUE_GOODS, {"reason": "no"}),
    "/api/v1/shipments/{shipment_id}/reopen": (Right.ISSUE_GOODS, {"reason": "no"}),
    "/api/v1/customer-returns": (
        Right.RECEIVE_GOODS,
        {
            "site": "LON",
            "order_number": "X0",
            "lines": [{"sales_line_id": 1, "quantity": 1, "place": "DOCK"}],
            "source": "s",
        },
    ),
    "/api/v1/purchase-orders": (
        Right.DECIDE_PROPOSALS,
        {
            "supplier": "ACME",
            "site": "LON",
            "lines": [{"sku": "21001", "quantity": 12}],
            "source": "s",
            "expected_at": "2026-03-20T12:00:00Z",
        },
    ),
    "/api/v1/purchase-orders/{purchase_order_id}/approve": (Right.DECIDE_PROPOSALS, {}),
    "/api/v1/purchase-orders/{purchase_order_id}/confirm": (Right.RUN_PLANNING, {"lines": [{"line": 1}]}),
    "/api/v1/purchase-orders/{purchase_order_id}/change": (
        Right.DECIDE_PROPOSALS,
        {"lines": [{"line": 1, "quantity": 1}]},
    ),
    "/api/v1/purchase-orders/{purchase_order_id}/cancel": (Right.DECIDE_PROPOSALS, {"reason": "no"}),
    "/api/v1/purchase-orders/{purchase_order_id}/take-back-question": (Right.DECIDE_PROPOSALS, {}),
    "/api/v1/purchase-orders/{purchase_order_id}/answer": (Right.RUN_PLANNING, {"accepted": True}),
    "/api/v1/suppliers": (Right.EDIT_RECORDS, {"code": "MILL", "name": "Mill"}),
    "/api/v1/suppliers/{supplier_id}": (Right.EDIT_RECORDS, {"code": "MILL", "name": "Mill"}),
    "/api/v1/suppliers/{supplier_id}/terms/{sku}": (
        Right.EDIT_RECORDS,
        {"unit_cost": 1, "currency": "EUR", "lead_time_days": 1},
    ),
    "/api/v1/transfers": (
        Right.TRANSFER_GOODS,
        {
            "from_site": "LON",
            "to_site": "LON",
            "lines": [{"sku": "21001", "quantity": 1}],
            "expected_at": "2026-03-09T12:00:00Z",
        },
    ),
    "/api/v1/transfers/{transfer_id}/approve": (Right.TRANSFER_GOODS, {}),
    "/api/v1/transfers/{transfer_id}/ship": (
        Right.ISSUE_GOODS,
        {"goods": [{"line": 1, "quantity": 1, "place": "A-001"}], "source": "s"},
    ),
    "/api/v1/transfers/{transfer_id}/receive": (
        Right.RECEIVE_GOODS,
        {"goods": [{"line": 1, "quantity": 1, "place": "DOCK"}], "source": "s"},
    ),
    "/api/v1/transfers/{transfer_id}/back": (
        Right.RECEIVE_GOODS,
        {"goods": [{"line": 1, "quantity": 1, "place": "DOCK"}], "source": "s"},
    ),
    "/api/v1/transfers/{transfer_id}/lost": (Right.ADJUST_STOCK, {"line": 1, "quantity": 1, "reason": "no"}),
    "/api/v1/transfers/{transfer_id}/close": (Right.TRANSFER_GOODS, {"reason": "no"}),
    "/api/v1/transfers/{transfer_id}/cancel": (Right.TRANSFER_GOODS, {"reason": "no"}),
    "/api/v1/movements": (
        Right.ISSUE_GOODS,
        {
            "site": "LON",
            "movements": [
                {
                    "sku": "21001",
                    "from_place": "A-001",
                    "to_place": "DOCK",
                    "quantity": 1,
                    "reason": "move",
                    "source": "m",
                }
            ],
        },
    ),
    "/api/v1/movements/{movement_id}/reverse": (Right.ADJUST_STOCK, {"reason": "wrong"}),
    "/api/v1/batches/{batch_id}/reverse": (Right.ADJUST_STOCK, {"reason": "wrong"}),
    "/api/v1/adjustments": (
        Right.ADJUST_STOCK,
        {"site": "LON", "sku": "21001", "place": "A-001", "change": -1, "reason": "seen", "source": "a"},
    ),
    "/api/v1/write-offs": (
        Right.ADJUST_STOCK,
        {"site": "LON", "sku": "21001", "place": "A-001", "quantity": 1, "reason": "wet", "source": "w"},
    ),
    "/api/v1/conversions": (
        Right.ISSUE_GOODS,
        {
            "site": "LON",
            "sku": "21001",
            "place": "A-001",
            "quantity": 1,
            "to_sku": "21002",
            "to_quantity": 6,
            "source": "c",
        },
    ),
    "/api/v1/holds": (Right.HOLD_STOCK, {"sku": "21001", "site": "LON", "reason": "smells"}),
    "/api/v1/counts": (Right.COUNT_STOCK, {"site": "LON", "title": "Aisle A", "places": ["A-001"]}),
    "/api/v1/counts/{count_id}/places": (Right.COUNT_STOCK, {"place": "A-001", "found": [], "source": "t"}),
    "/api/v1/counts/{count_id}/finish": (Right.COUNT_STOCK, {}),
    "/api/v1/counts/{count_id}/approve": (Right.ADJUST_STOCK, {}),
    "/api/v1/counts/{count_id}/again": (Right.ADJUST_STOCK, {"place_ids": [1]}),
    "/api/v1/counts/{count_id}/cancel": (Right.COUNT_STOCK, {"reason": "no"}),
    "/api/v1/quarantine/{quarantine_id}/replay": (Right.REPLAY_QUARANTINE, {}),
    "/api/v1/quarantine/{quarantine_id}/drop": (Right.REPLAY_QUARANTINE, {}),
    "/api/v1/imports": (Right.IMPORT_DATA, {}),
    "/api/v1/sales-lines": (Right.TAKE_ORDERS, {"lines": []}),
    "/api/v1/sales-lines/{sales_line_id}/issue": (
        Right.ISSUE_GOODS,
        {"picks": [{"place": "A-001", "quantity": 1}], "source": "s"},
    ),
    "/api/v1/purchase-orders/{purchase_order_id}/receipts": (
        Right.RECEIVE_GOODS,
        {"line": 1, "quantity": "6", "place": "DOCK", "source": "s"},
    ),
    "/api/v1/purchase-orders/{purchase_order_id}/sent": (Right.RUN_PLANNING, {}),
    "/api/v1/outbox/{outbox_id}/send-again": (Right.DECIDE_PROPOSALS, {}),
    "/api/v1/parked/{parked_id}/try-again": (Right.REPLAY_QUARANTINE, {}),
    "/api/v1/parked/{parked_id}/drop": (Right.REPLAY_QUARANTINE, {"note": "no"}),
    "/api/v1/alerts/{alert_id}/acknowledge": (Right.HANDLE_ALERTS, {}),
    "/api/v1/proposals/{proposal_id}/approve": (Right.DECIDE_PROPOSALS, {}),
    "/api/v1/proposals/{proposal_id}/reject": (Right.DECIDE_PROPOSALS, {"note": "no"}),
}
# What a page has to be asked for, after its address.
ASKED = {
    "/explain": "?item=1",
    "/lot": "?item=1&code=L1",
    "/floor/rack": "?aisle=A",
    "/labels/item.pdf": "?sku=21001",
    "/move/code": "?site=LON&scanned=A-001",
    "/scan": "?code=21001",
    "/lot/customers.csv": "?item=1&code=L1",
    "/serial": "?item=1&code=S1",
    "/movements": "?item=1",
    "/lies": "?item=1",
    "/api/v1/devices/1/readings": "?kind=temperature",
    "/api/v1/devices/1/history": "?kind=temperature",
    "/api/v1/movements": "?sku=21001",
    "/api/v1/lots": "?search=L",
    "/api/v1/trace": "?sku=21001&lot=L1",
    "/api/v1/explain": "?sku=21001",
    "/api/v1/as-of": "?at=2026-03-01T00:00:00Z",
    "/handle": "?item=1&place=11",
}
NEEDS_MORE_TO_READ = {
    "/setup": Right.MANAGE_PEOPLE,
    "/devices/new": Right.MANAGE_DEVICES,
    "/devices/many": Right.MANAGE_DEVICES,
    "/devices/unclaimed/{unclaimed_device}": Right.MANAGE_DEVICES,
    "/devices/site-keys": Right.MANAGE_DEVICES,
    "/devices/credentials": Right.MANAGE_DEVICES,
    "/devices/{device}/move": Right.MANAGE_DEVICES,
    "/tags/bind": Right.RECEIVE_GOODS,
    "/tags/print": Right.RECEIVE_GOODS,
    "/export": Right.IMPORT_DATA,
    "/opening": Right.ADJUST_STOCK,
    "/returns/new": Right.RECEIVE_GOODS,
    "/move": Right.ISSUE_GOODS,
    "/move/code": Right.ISSUE_GOODS,
    "/records/items/new": Right.EDIT_RECORDS,
    "/records/items/{item_id}": Right.EDIT_RECORDS,
    "/records/sites/new": Right.EDIT_RECORDS,
    "/records/sites/{site_id}": Right.EDIT_RECORDS,
    "/records/sites/{site_id}/zones/new": Right.EDIT_RECORDS,
    "/records/sites/{site_id}/places/new": Right.EDIT_RECORDS,
    "/records/sites/{site_id}/lay-out": Right.EDIT_RECORDS,
    "/records/sites/{site_id}/draw": Right.EDIT_RECORDS,
    "/records/zones/{zone_id}": Right.EDIT_RECORDS,
    "/records/places/{place_id}": Right.EDIT_RECORDS,
    "/sales/new": Right.TAKE_ORDERS,
    "/shipments/{shipment_id}/pick": Right.ISSUE_GOODS,
    "/transfers/new": Right.TRANSFER_GOODS,
    "/transfers/{transfer_id}/edit": Right.TRANSFER_GOODS,
    "/import": Right.IMPORT_DATA,
    "/import/{job_id}": Right.IMPORT_DATA,
    "/import/{job_id}/faults.csv": Right.IMPORT_DATA,
    "/imports/{file_id}": Right.IMPORT_DATA,
    "/promotions/new": Right.RUN_PLANNING,
    "/customers/new": Right.EDIT_RECORDS,
    "/carriers/new": Right.EDIT_RECORDS,
    "/carriers/{carrier_id}/cards/new": Right.EDIT_RECORDS,
    "/outside/new": Right.EDIT_RECORDS,
    "/incoming": Right.IMPORT_DATA,
    "/incoming/{incoming_id}": Right.IMPORT_DATA,
    "/sources/new": Right.IMPORT_DATA,
    "/sources/{source_id}": Right.IMPORT_DATA,
    "/api/v1/imports/{incoming_id}": Right.IMPORT_DATA,
    "/orders/new": Right.DECIDE_PROPOSALS,
    "/orders/{purchase_order_id}/edit": Right.DECIDE_PROPOSALS,
    "/approval": Right.MANAGE_SETTINGS,
    "/settings": Right.MANAGE_SETTINGS,
    "/system": Right.MANAGE_SETTINGS,
    "/system/readings": Right.MANAGE_SETTINGS,
    "/system/backups/{backup}": Right.MANAGE_SETTINGS,
    "/suppliers/new": Right.EDIT_RECORDS,
    "/people": Right.MANAGE_PEOPLE,
    "/people/{user_id}": Right.MANAGE_PEOPLE,
    "/keys": Right.MANAGE_PEOPLE,
    "/audit": Right.VIEW_AUDIT,
    "/api/v1/audit": Right.VIEW_AUDIT,
}
# What other rights open too.
ALSO = {
    "/files": {Right.ISSUE_GOODS, Right.DECIDE_PROPOSALS, Right.TAKE_ORDERS, Right.TRANSFER_GOODS},
    "/sales/notes": {Right.TAKE_ORDERS},
    # Whoever is at the one end or the other may say no, and go back on that.
    "/api/v1/proposed-transfers/{transfer_proposal_id}/take-back": {Right.TRANSFER_GOODS},
}
SALES_LINE = {
    "order_number": "X1", "line": 1, "sku": "21001", "ordered_at": "2026-03-02T10:00:00Z", "quantity": 1,
    "unit_price": "2.5",
}  # fmt: skip


def at(path: str) -> str:
    """An address for a route's pattern, with what the page has to be asked for."""
    names = {"sku:path": "21001", "sku": "21001", "job_id": "none", "user_id": "2", "rule": "copied",
             "kind": "item", "one": "1", "other": "2",
             "listing}.{form": "stock_levels.csv"}  # fmt: skip
    for part in path.split("/"):
        if part.startswith("{"):
            path = path.replace(part, names.get(part.strip("{}"), "1"))
    return path + ASKED.get(path, "")


def test_every_route_is_known_to_these_tests(app: FastAPI) -> None:
    assert {path for method, path in all_routes(app) if method == "POST" and path not in OPEN} == set(CHANGES)
    assert {method for method, _ in all_routes(app)} == {"GET", "POST"}


def test_nobody_gets_in_anywhere_without_signing_in(app: FastAPI, client: Client) -> None:
    nobody = client(None)
    for method, path in sorted(all_routes(app)):
        if path in OPEN:
            continue
        answer = nobody.request(method, at(path))
        if path.startswith("/api/v1") or path in {"/live", "/floor/state", "/metrics"}:
            assert answer.status_code == 401, (method, path, answer.text)
            assert answer.json()["error"]
        else:
            assert answer.status_code == 303, (method, path)
            assert answer.headers["location"].startswith("/sign-in")


@pytest.mark.parametrize("role", list(Role))
def test_a_role_changes_only_what_is_written_of_it(
    client: Client, as_role: AsRole, office: Office, world: World, role: Role
) -> None:
    number = propose(office, world)
    with office.context(person("root", Role.ADMIN)) as ctx:
        # Sales line 1 and purchase order 1 exist: who lacks a right must not be saved by there being nothing to change.
        assert agents.approve(ctx, number).purchase_order_id == 1
    taken = client("mara").post("/api/v1/sales-lines", json=[SALES_LINE | {"order_number": "X0"}])
    assert (taken.status_code, taken.json()["new"]) == (200, 1)
    someone = as_role(role)
    for path, (right, told) in CHANGES.items():
        before = audited(office)
        as_json = path.startswith("/api/")
        body = {"json": [SALES_LINE] if path.endswith("sales-lines") else told} if as_json else {"data": told}
        answer = someone.post(at(path), **body)
        if {right, *ALSO.get(path, ())} & MATRIX[role]:
            assert answer.status_code in {200, 303, 404, 409, 422}, (path, answer.status_code, answer.text)
        else:
            assert answer.status_code == 403, (path, answer.status_code, answer.text)
            assert audited(office) == before


@pytest.mark.parametrize("role", list(Role))
def test_every_role_reads_all_but_what_needs_more(app: FastAPI, as_role: AsRole, role: Role) -> None:
    someone = as_role(role)
    for method, path in sorted(all_routes(app)):
        if method != "GET" or path in {"/live", *OPEN}:
            continue
        answer = someone.get(at(path))
        needs = NEEDS_MORE_TO_READ.get(path, Right.VIEW)
        if needs not in MATRIX[role] and answer.status_code != 404:
            assert answer.status_code == 403, (path, answer.status_code)
            assert "manager" in answer.text
        else:
            assert answer.status_code in {200, 404}, (path, answer.status_code, answer.text)


@pytest.mark.parametrize(("login", "shown"), [("mara", True), ("omar", True), ("vera", False)])
def test_controls_that_a_role_lacks_are_not_shown(client: Client, office: Office, login: str, shown: bool) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        alerts.raise_alert(ctx, "count", "item:1", "attention", "Count 21001", "Short.", "/stock", {})
    page = client(login).get("/alerts").text
    assert ("/acknowledge" in page) is shown
    assert ('href="/import"' in client(login).get("/").text) is (login == "mara")


def test_a_key_may_do_only_what_its_scopes_name(client: Client, office: Office) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        shop = access.add_key(ctx, "shop", [Right.TAKE_ORDERS])
    nobody = client(None)
    key = {"Authorization": f"Bearer {shop}"}
    assert nobody.post("/api/v1/sales-lines", json=[SALES_LINE], headers=key).status_code in {200, 403}
    assert nobody.get("/api/v1/stock", headers=key).status_code == 403
    assert nobody.get("/floor/state", headers=key).status_code == 403
    assert nobody.get("/live", headers=key).status_code == 403
    assert nobody.get("/metrics", headers=key).status_code == 403
    assert nobody.get("/api/v1/stock", headers={"Authorization": "Bearer sw_wrong"}).status_code == 401


def test_a_change_that_another_site_began_is_refused(client: Client, office: Office) -> None:
    mara = client("mara")
    before = audited(office)
    for headers in (
        {"Origin": "http://evil.test"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://shelfwise.test"},
        {"Sec-Fetch-Site": "none"},
    ):
        for path in ("/proposals/plan", "/api/v1/alerts/1/acknowledge", "/sign-in", "/sign-out", "/theme"):
            answer = mara.post(path, data={"theme": "dark", "login": "mara", "password": "x"}, headers=headers)
            assert answer.status_code == 403, (path, headers)
            assert "set-cookie" not in answer.headers
    assert audited(office) == before
    assert mara.get("/").status_code == 200


def audited(office: Office) -> int:
    with office.database.transaction() as tx:
        return len(
            values(tx, "select 1 from audit_entry where action not like 'sign_in%' and action <> 'password.failed'")
        )


def all_routes(app: FastAPI) -> set[tuple[str, str]]:
    """What the application answers, as it says itself: from OpenAPI and from the pages' routers."""
    found = {(method.upper(), path) for path, methods in app.openapi()["paths"].items() for method in methods}
    for part in vars(web).values():
        router = getattr(part, "router", None)
        if router is None or part is api:
            continue
        for route in router.routes:
            found |= {(method, route.path) for method in route.methods if method != "HEAD"}
    return found | {("GET", "/api/v1/openapi.json")}
