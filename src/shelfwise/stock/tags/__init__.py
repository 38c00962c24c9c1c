"""Tags: which item, lot and quantity an EPC stands for, since when, and what became of those that came off."""
