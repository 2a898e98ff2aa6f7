"""The model registry: versions, who decided about them, which one scores, and the table of all."""
