"""Databases as released versions left them, and how they were made."""
