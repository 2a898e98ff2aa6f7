"""Athena's functions: their signatures, and what each is in DuckDB's SQL."""
