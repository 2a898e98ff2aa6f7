"""A SageMaker and Athena endpoint for one machine; knows AWS's APIs and nothing of any use case."""
