# Printed by `chaninfra manifest`.
# The keys: S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY and, if set, S3_SESSION_TOKEN.
# chaninfra publish replaces the last two commands, and does not list the channel. rattler-build publish also replaces them, but re-indexes the whole channel, which adds yanked packages to the index again.
export S3_CHANNEL='s3://my-bucket/my-channel'
export S3_ENDPOINT_URL='https://minio.example.com'
export S3_REGION='us-east-1'
export S3_ADDRESSING_STYLE='path'

rattler-build build --recipe-dir recipes --channel https://minio.example.com/my-bucket/my-channel --channel conda-forge --output-dir output
rattler-build upload s3 output/*/*.conda
chaninfra reindex s3://my-bucket/my-channel --provider minio --endpoint-url https://minio.example.com --region us-east-1 --addressing-style path
