# Printed by `chaninfra manifest`.
# The keys: a profile, a login, a role, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
export CHANINFRA_CHANNEL='s3://my-bucket/my-channel'
export AWS_REGION='eu-central-1'
export AWS_DEFAULT_REGION='eu-central-1'
