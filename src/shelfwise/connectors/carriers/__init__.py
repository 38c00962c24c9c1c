"""Live systems of carriers: one way to ask for quotes, book, cancel and track, whoever answers."""
