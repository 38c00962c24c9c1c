"""Policies of replenishment as objects that are asked step by step, and races between them. Pure."""
