"""What `pulumi up` runs."""

from chaninfra.pulumi import program

program()
