"""What a forecast is made of: level, season, price and promotion, events, what is told from outside."""
