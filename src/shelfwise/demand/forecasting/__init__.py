"""The forecast of a site, every night: what is known is gathered, methods race, and those who win speak."""
