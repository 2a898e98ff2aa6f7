"""The frozen values that everything else speaks of."""
