"""What will sell: daily history, simple methods that race in a backtest, and sample paths of the future."""
