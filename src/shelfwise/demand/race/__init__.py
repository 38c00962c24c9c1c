"""The race of all ways to forecast a panel: segments, scores on past windows, champions."""
