# Printed by `chaninfra manifest`.
# The keys come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, if set, AWS_SESSION_TOKEN.
# While pixi runs, the secret is among its arguments, which other users of this machine can list (ps). Where others
# log in, write a file that only you can read, and name it in RATTLER_AUTH_FILE: --format auth-file --into FILE
pixi auth login s3://my-bucket --s3-access-key-id "$AWS_ACCESS_KEY_ID" --s3-secret-access-key "$AWS_SECRET_ACCESS_KEY" ${AWS_SESSION_TOKEN:+"--s3-session-token=$AWS_SESSION_TOKEN"}
