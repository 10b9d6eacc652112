# Printed by `chaninfra manifest`.
# The keys: S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY and, if set, S3_SESSION_TOKEN.
# chaninfra publish replaces the last two commands, and does not list the channel. rattler-build publish also replaces them, but re-indexes the whole channel, which adds yanked packages to the index again.
export S3_CHANNEL='s3://my-bucket/my-channel'
export S3_ENDPOINT_URL='https://s3.eu-central-1.amazonaws.com'
export S3_REGION='eu-central-1'
export S3_ADDRESSING_STYLE='virtual-host'

rattler-build build --recipe-dir recipes --channel https://my-bucket.s3.eu-central-1.amazonaws.com/my-channel --channel conda-forge --output-dir output
rattler-build upload s3 output/*/*.conda
chaninfra reindex s3://my-bucket/my-channel --region eu-central-1
