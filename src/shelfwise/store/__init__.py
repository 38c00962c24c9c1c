"""Postgres: where it runs, its schema, transactions and event cursors."""
