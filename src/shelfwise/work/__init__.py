"""Whatever waits for a person or another system: alerts and the outbox."""
