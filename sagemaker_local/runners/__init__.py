"""Runners: each executes jobs of one kind as processes of this machine, with the contracts of the containers."""
