#!/usr/bin/env bash
# Printed by `chaninfra manifest`. To run it: bash FILE
# The keys: S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY and, if set, S3_SESSION_TOKEN.
# chaninfra publish replaces the last two commands, and does not list the channel. rattler-build publish also replaces them, but re-indexes the whole channel, which adds yanked packages to the index again.
# `pixi publish` and `rattler-build publish` need the bucket's entry in pixi's store besides S3_*: chaninfra manifest --format login, or auth-file.
set -euo pipefail
export S3_CHANNEL='s3://my-bucket/my-channel'
export S3_ENDPOINT_URL='https://s3.us-west-004.backblazeb2.com'
export S3_REGION='us-west-004'
export S3_ADDRESSING_STYLE='path'

env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY -u AWS_SESSION_TOKEN -u AWS_PROFILE -u AWS_ROLE_ARN -u AWS_WEB_IDENTITY_TOKEN_FILE -u AWS_CONTAINER_CREDENTIALS_RELATIVE_URI -u AWS_CONTAINER_CREDENTIALS_FULL_URI -u AWS_CONTAINER_AUTHORIZATION_TOKEN -u AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE -u S3_ACCESS_KEY_ID -u S3_SECRET_ACCESS_KEY -u S3_SESSION_TOKEN rattler-build build --recipe-dir recipes --channel https://f004.backblazeb2.com/file/my-bucket/my-channel --channel conda-forge --output-dir output
rattler-build upload s3 output/*/*.conda
chaninfra reindex s3://my-bucket/my-channel --provider b2 --endpoint-url https://s3.us-west-004.backblazeb2.com --region us-west-004 --addressing-style path
