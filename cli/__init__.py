"""The doors' rooms: parse, call, print, set the exit code; the one package that knows all houses."""
