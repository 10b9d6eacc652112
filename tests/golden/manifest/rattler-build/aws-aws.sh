# Printed by `chaninfra manifest`.
# The keys are those of the AWS tools: environment, AWS_PROFILE, SSO or role.
# chaninfra publish does what the last two commands do, in one, and without listing the channel. rattler-build publish does it too, but indexes the whole channel anew and brings back what was yanked.
export S3_CHANNEL='s3://my-bucket/my-channel'
export AWS_REGION='eu-central-1'

rattler-build build --recipe-dir recipes --channel s3://my-bucket/my-channel --channel conda-forge --output-dir output
rattler-build upload s3 output/*/*.conda
chaninfra reindex s3://my-bucket/my-channel --region eu-central-1
