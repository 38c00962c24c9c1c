"""Files of demand in, files of forecasts out; no database."""
