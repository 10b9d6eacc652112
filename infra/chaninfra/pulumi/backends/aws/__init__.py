"""A bucket on AWS, its CloudFront distribution and its roles, as resources of pulumi-aws."""
