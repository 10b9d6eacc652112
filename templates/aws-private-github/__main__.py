from chaninfra.pulumi import program

program()
