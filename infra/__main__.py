"""The stack program, which `pulumi up` runs."""

from chaninfra.pulumi import program

program()
