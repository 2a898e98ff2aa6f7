"""Statements about the catalog, in the grammar of Hive's DDL."""
