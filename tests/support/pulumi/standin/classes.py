"""pulumi-aws's classes, imported when a call first needs them: that takes a second, and `destroy` never does."""

from importlib import import_module
from threading import Lock

_lock = Lock()


def named(path: str) -> type:
    """The class at `path`, such as "pulumi_aws.s3.BucketArgs"."""
    module, _, name = path.rpartition(".")
    # pulumi-aws's modules fill themselves at the first look into them, which two threads must not take at once.
    with _lock:
        return getattr(import_module(module), name)  # type: ignore[no-any-return]
