"""What the endpoint keeps: one SQLite file, one module for each kind of resource."""
