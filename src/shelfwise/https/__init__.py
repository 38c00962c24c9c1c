"""HTTPS for the pages: a certificate of the house's own authority, or one that was given, kept fit while they run."""
