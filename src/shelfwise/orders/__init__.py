"""Sales and purchase orders: their lines, their states and what has been received of them."""
