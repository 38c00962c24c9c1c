"""Figures from outside the house that demand may follow: weather, prices, calendars, people who pass by."""
