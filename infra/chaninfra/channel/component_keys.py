"""What of the stack config differs where a component takes its keys as arguments."""

from __future__ import annotations

from chaninfra.channel.config import SECRET_KEYS

CREDENTIALS = ("access-key-id", *SECRET_KEYS)
"""Keys of the stack config that are no arguments: the stack of the program has them, since a resource's inputs lie in
its state in clear."""

_ACCOUNT = "000000000000"
LATE: dict[tuple[str, str], str] = {
    ("aws", "kms-key-arn"): f"arn:aws:kms:us-east-1:{_ACCOUNT}:key/not-known-yet",
    ("aws", "log-bucket"): "not-known-yet",
    ("cdn", "certificate-arn"): f"arn:aws:acm:us-east-1:{_ACCOUNT}:certificate/not-known-yet",
    ("principal", "arn"): f"arn:aws:iam::{_ACCOUNT}:role/not-known-yet",
}
"""The arguments that may be outputs, as (definition of the stack config's schema, key) → what stands for one."""
