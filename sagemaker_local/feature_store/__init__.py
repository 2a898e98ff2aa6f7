"""SageMaker Feature Store: what groups may be, their records, and the files of the offline store."""
