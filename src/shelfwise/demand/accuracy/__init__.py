"""How forecasts did: each is scored once its days are known, and whoever asks is told."""
