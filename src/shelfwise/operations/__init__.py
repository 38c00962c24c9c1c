"""Keeping an installation well: backups that were tried out, upgrades with a way back, and a watch over itself."""
