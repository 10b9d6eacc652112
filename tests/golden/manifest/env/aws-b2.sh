# Printed by `chaninfra manifest`.
# The keys: a profile, a login, a role, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. `pixi upload s3` and `rattler-build upload s3` do not read AWS_ENDPOINT_URL_S3: use --auth pixi.
export CHANINFRA_CHANNEL='s3://my-bucket/my-channel'
export AWS_REGION='us-west-004'
export AWS_ENDPOINT_URL_S3='https://s3.us-west-004.backblazeb2.com'
export AWS_DEFAULT_REGION='us-west-004'
