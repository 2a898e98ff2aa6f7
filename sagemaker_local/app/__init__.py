"""The composition: one ASGI gateway, one listener."""
