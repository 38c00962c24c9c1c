"""Sentences of the audit log about trade, files that come by themselves, and an ERP beside; see `audit_words`."""

from __future__ import annotations

SENTENCES_BESIDE: dict[str, str] = {
    "books.changed": "said that {keeper} keeps the books",
    "closed_days.removed": "took out {count} closed days",
    "closed_days.set": "set {count} closed days",
    "customer.added": "added the customer {code}",
    "customer.changed": "changed {it}",
    "customers.imported": "brought in {count} customers",
    "customers.removed": "took out {count} customers that an import had brought",
    "daily_sales.forgotten": "took out {count} totals of days",
    "daily_sales.told": "told {count} totals of days, up to {last}",
    "erp.orders_told": "told {count} lines on order at {it}",
    "erp.stock_told": "told the stock of {count} items, {differing} of them otherwise than believed",
    "handover.again": "had {it} for {item} handed over again",
    "handover.told": "told of {it} for {item}: {state}",
    "handover.written": "wrote {count} approved proposals for the ERP",
    "incoming.finished": "dealt with the file {file}: {state}",
    "promotions.imported": "brought in {count} promotions of items",
    "promotions.removed": "took out {count} promotions of items",
    "proposal.for_erp": "approved {it} for the ERP: {quantity} of {item}",
    "source.added": "added the source {name}",
    "source.changed": "changed {it}",
}
