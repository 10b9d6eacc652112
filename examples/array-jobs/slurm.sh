#!/bin/bash
#SBATCH --job-name=chaninfra-reindex
#SBATCH --array=1-8
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=2
#SBATCH --mem=4G
#SBATCH --time=12:00:00
#SBATCH --requeue
# sbatch slurm.sh; some of the parts again: sbatch --array=3,5 slurm.sh
# Whether all is done: sbatch --dependency=afterany:JOB --wrap 'chaninfra reindex s3://my-bucket/my-channel --check'
# The keys of a maintainer come from a file that nobody else can read, and not from the script.
set -euo pipefail
export AWS_SHARED_CREDENTIALS_FILE="$HOME/.config/chaninfra/credentials"

# As many parts as --array has above.
srun chaninfra reindex s3://my-bucket/my-channel --endpoint-url https://minio.example.com --part /8
