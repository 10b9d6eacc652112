# Printed by `chaninfra manifest`.
# The keys: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
# chaninfra publish replaces the last two commands, and does not list the channel. rattler-build publish also replaces them, but re-indexes the whole channel, which adds yanked packages to the index again.
export S3_CHANNEL='s3://my-bucket/my-channel'
export S3_ENDPOINT_URL='https://0123abcd.eu.r2.cloudflarestorage.com'
export S3_REGION='WEUR'
export S3_ADDRESSING_STYLE='virtual-host'
export S3_ACCESS_KEY_ID="$AWS_ACCESS_KEY_ID"
export S3_SECRET_ACCESS_KEY="$AWS_SECRET_ACCESS_KEY"

cat > rattler.toml <<'END'
[s3-options.my-bucket]
endpoint-url = "https://0123abcd.eu.r2.cloudflarestorage.com"
region = "WEUR"
force-path-style = false
END
rattler-build build --recipe-dir recipes --channel s3://my-bucket/my-channel --channel conda-forge --output-dir output --config-file rattler.toml
rattler-build upload s3 output/*/*.conda
chaninfra reindex s3://my-bucket/my-channel --provider r2 --endpoint-url https://0123abcd.eu.r2.cloudflarestorage.com --region WEUR --addressing-style virtual-host
