"""What to order, from whom, to which site, by which carrier, and what to move between sites: one optimisation. Pure."""
