"""The tests; a package, because a dependency installs a top-level `tests` that would hide a plain folder."""
