"""Athena's SELECT: from Trino's SQL to DuckDB's, over the files of the tables in the Glue Data Catalog."""
