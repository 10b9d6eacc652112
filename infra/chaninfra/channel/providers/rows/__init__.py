"""The rows of PROVIDERS: data, and nothing else."""
