"""IAM, bucket, KMS key and trust policies, as pure functions that return documents."""
