"""Portals: tags that pass a dock door, what they mean together, and the receipt or shipment that a person confirms."""
