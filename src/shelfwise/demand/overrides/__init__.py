"""What people know better: other quantities than the forecast says, kept beside it."""
