"""By which carrier: what a service costs, when it would arrive, how sure that is, and which one to choose."""
