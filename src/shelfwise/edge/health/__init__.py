"""Which devices to believe: silent, running low, with a wrong clock, stuck, noisy or drifting."""
