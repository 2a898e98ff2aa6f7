"""What runs, in which order: pipeline definitions, built with the SageMaker SDK from a configuration."""
