"""Hyperparameter tuning jobs: training jobs with different hyperparameters, and which of them is the best."""
