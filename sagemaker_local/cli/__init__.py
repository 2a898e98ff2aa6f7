"""The endpoint's own command line, and how others start and find it."""
