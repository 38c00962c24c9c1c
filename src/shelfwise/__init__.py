"""Shelfwise: sensors, a stock picture that can be trusted, forecasts, and decisions people can read."""

__version__ = "0.1.0"
