"""pulumi-aws's classes, imported at first use: the import takes a second, and `destroy` does not need it."""

from importlib import import_module
from threading import Lock

_lock = Lock()


def named(path: str) -> type:
    """The class at `path`, such as "pulumi_aws.s3.BucketArgs"."""
    module, _, name = path.rpartition(".")
    # pulumi-aws's modules load lazily on attribute access, which is not thread-safe.
    with _lock:
        return getattr(import_module(module), name)  # type: ignore[no-any-return]
