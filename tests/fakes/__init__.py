"""Stand-ins for what the code under test reaches through ports."""
