# Printed by `chaninfra manifest`.
# The keys: S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY and, if set, S3_SESSION_TOKEN. `pixi publish` and `rattler-build publish` need the bucket's entry in pixi's store besides S3_*: chaninfra manifest --format login, or auth-file.
export CHANINFRA_CHANNEL='s3://my-bucket/my-channel'
export S3_ENDPOINT_URL='https://0123abcd.eu.r2.cloudflarestorage.com'
export S3_REGION='WEUR'
export S3_ADDRESSING_STYLE='virtual-host'
