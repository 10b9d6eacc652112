#!/bin/bash
# Eight jobs of AWS Batch share a re-index: part K of 8 is the job with the index K - 1, and `--part auto` reads both.
# Once, and after each change: put your image, roles, region and channel into aws-batch.json.
set -euo pipefail
cd "$(dirname "$0")"

aws batch register-job-definition --cli-input-json file://aws-batch.json

# Where another tool has written the index, the first of them takes it over; the others wait for it a moment.
job=$(aws batch submit-job --job-name reindex --job-queue "${1:?give the name of the job queue}" \
  --job-definition chaninfra-reindex --array-properties size=8 --query jobId --output text)

# Whether all is done, once all have ended: this one fails if a part did.
aws batch submit-job --job-name reindex-check --job-queue "$1" --job-definition chaninfra-reindex \
  --depends-on "jobId=$job" \
  --container-overrides '{"command": ["reindex", "s3://my-bucket/my-channel", "--check"]}'
