"""A folder of tables in, a folder of proposals out; no database."""
