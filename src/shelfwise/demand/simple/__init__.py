"""Simple methods over all series of a panel at once, and the spread of their own past errors."""
