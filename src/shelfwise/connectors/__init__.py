"""Clients of partner systems' protocols; no rules."""
