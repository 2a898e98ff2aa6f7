"""What each step type does, one module a type."""
