"""A bucket on an S3-compatible store and its access keys, as dynamic resources."""
