"""One module a step: a function that builds it from the context and from the steps before it."""
