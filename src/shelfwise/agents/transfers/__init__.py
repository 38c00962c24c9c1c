"""Transfers between sites in the ledger of proposals: proposed by Shelfwise, decided by people, carried out once."""
