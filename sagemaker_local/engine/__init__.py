"""Parses pipeline definitions and executes them: knows jobs by their kind, and no runner."""
