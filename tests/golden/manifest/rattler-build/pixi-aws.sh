# Printed by `chaninfra manifest`.
# The keys: S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY and, where there is one, S3_SESSION_TOKEN. To read the channel while building, those of rattler-build auth login s3://my-bucket.
# chaninfra publish does what the last two commands do, in one, and without listing the channel. rattler-build publish does it too, but indexes the whole channel anew and brings back what was yanked.
export S3_CHANNEL='s3://my-bucket/my-channel'
export S3_ENDPOINT_URL='https://s3.eu-central-1.amazonaws.com'
export S3_REGION='eu-central-1'
export S3_ADDRESSING_STYLE='virtual-host'

cat > rattler.toml <<'END'
[s3-options.my-bucket]
endpoint-url = "https://s3.eu-central-1.amazonaws.com"
region = "eu-central-1"
force-path-style = false
END
rattler-build build --recipe-dir recipes --channel s3://my-bucket/my-channel --channel conda-forge --output-dir output --config-file rattler.toml
rattler-build upload s3 output/*/*.conda
chaninfra reindex s3://my-bucket/my-channel --region eu-central-1
