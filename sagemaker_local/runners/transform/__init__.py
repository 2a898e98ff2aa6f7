"""Batch transform: CreateTransformJob's contract, with several model workers on several cores."""
