"""Damage that people's files have, a family a file: its name, how it is known, how it is repaired. Pure."""
