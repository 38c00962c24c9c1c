"""What the Makefile runs: set-up and upkeep of a checkout."""
