"""What may run out, and what is too much: an item's coming weeks, played before they come."""
