"""Who is asking and what they may do; every service call takes the `Context` made here."""
