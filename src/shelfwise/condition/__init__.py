"""In what state goods are kept: limits of zones and the excursions beyond them."""
