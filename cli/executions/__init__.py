"""Executions of a pipeline: started, followed, and told of step by step, with logs, outputs and what to do next."""
