"""One boosted model for all series of a panel, its intervals, and where simple methods do better."""
