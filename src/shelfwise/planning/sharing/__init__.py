"""What one site of a company should give another: lateral transshipments, and fair shares of what is scarce."""
