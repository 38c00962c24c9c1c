"""Master data: items, sites with their zones and places, suppliers and their terms, and the go-live instant."""
