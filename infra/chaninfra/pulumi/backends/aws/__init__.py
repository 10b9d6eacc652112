"""A bucket on AWS, its CDN and its roles, by pulumi-aws."""
