"""A simulated warehouse. It speaks to Shelfwise from outside only, by MQTT and HTTP, and imports `core` alone."""
