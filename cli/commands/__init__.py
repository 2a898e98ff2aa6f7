"""One module for each group of commands; each offers `register(commands)`."""
