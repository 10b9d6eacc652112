#!/usr/bin/env bash
# Printed by `chaninfra manifest`. To run it: bash FILE
# The keys: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. The build does not get them; it reads the channel with the AWS profile that READER_PROFILE names, or with the default profile.
# chaninfra publish replaces the last two commands, and does not list the channel. rattler-build publish also replaces them, but re-indexes the whole channel, which adds yanked packages to the index again.
# `pixi publish` and `rattler-build publish` need the bucket's entry in pixi's store besides S3_*: chaninfra manifest --format login, or auth-file.
set -euo pipefail
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
addressing-style = "virtual-host"
END
env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY -u AWS_SESSION_TOKEN -u AWS_PROFILE -u AWS_ROLE_ARN -u AWS_WEB_IDENTITY_TOKEN_FILE -u AWS_CONTAINER_CREDENTIALS_RELATIVE_URI -u AWS_CONTAINER_CREDENTIALS_FULL_URI -u AWS_CONTAINER_AUTHORIZATION_TOKEN -u AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE -u S3_ACCESS_KEY_ID -u S3_SECRET_ACCESS_KEY -u S3_SESSION_TOKEN ${READER_PROFILE:+"AWS_PROFILE=$READER_PROFILE"} rattler-build build --recipe-dir recipes --channel s3://my-bucket/my-channel --channel conda-forge --output-dir output --config-file rattler.toml
rattler-build upload s3 output/*/*.conda
chaninfra reindex s3://my-bucket/my-channel --provider r2 --endpoint-url https://0123abcd.eu.r2.cloudflarestorage.com --region WEUR --addressing-style virtual-host
