"""Words every room shares: clocks, quantities, errors. Standard library only."""
