"""What is where: the movement ledger, balances, reservations and days out of stock."""
