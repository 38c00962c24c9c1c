"""What devices said over time: summed by the hour, kept in files once a day is closed, and told as one history."""
