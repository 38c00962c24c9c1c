"""The nightly race of policies on each item's own past, and what is kept of it."""
