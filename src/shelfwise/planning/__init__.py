"""What should be ordered: a pure decision over one immutable snapshot, and the gathering of that snapshot."""
