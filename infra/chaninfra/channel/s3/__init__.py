"""Access to an S3-compatible store: credentials, objects (obstore), everything else (boto3), and error codes."""
