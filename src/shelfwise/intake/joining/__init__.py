"""One record a thing: which items, and which suppliers, are the same one under two names."""
