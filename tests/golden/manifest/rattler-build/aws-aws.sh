# Printed by `chaninfra manifest`.
# The keys are those of the AWS tools: environment, AWS_PROFILE, SSO or role.
# chaninfra publish replaces the last two commands, and does not list the channel. rattler-build publish also replaces them, but re-indexes the whole channel, which adds yanked packages to the index again.
export S3_CHANNEL='s3://my-bucket/my-channel'
export AWS_REGION='eu-central-1'

rattler-build build --recipe-dir recipes --channel s3://my-bucket/my-channel --channel conda-forge --output-dir output
rattler-build upload s3 output/*/*.conda
chaninfra reindex s3://my-bucket/my-channel --region eu-central-1
