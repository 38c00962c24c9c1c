"""Whatever waits for a person or another system: alerts, the outbox and parked facts."""
