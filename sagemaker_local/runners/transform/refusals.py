"""What a model server refuses, apart from what raises it: knowing it must not cost the import of XGBoost."""

from __future__ import annotations


class UnsupportedFormat(Exception):
    """The container answers 415 or 406; asking again does not help."""
