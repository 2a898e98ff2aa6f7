"""Statements that write files: UNLOAD, CREATE TABLE AS, INSERT INTO."""
