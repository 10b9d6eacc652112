"""Access to an S3-compatible store: credentials, object store (obstore), control plane (boto3), error codes."""
