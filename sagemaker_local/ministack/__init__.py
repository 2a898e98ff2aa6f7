"""MiniStack, tamed: the only package that imports it."""
