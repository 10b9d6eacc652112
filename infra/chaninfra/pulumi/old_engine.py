"""Tells that the Pulumi engine is old.

Pulumi's SDK says nothing of an engine that is older than itself. Up to 3.139 the engine does not hand the stack's
config to dynamic resources (https://github.com/pulumi/pulumi/pull/17673): access keys in it are then not found, or
those of the environment are taken. Since 3.219 or shortly before an engine can be asked about its version
(https://github.com/pulumi/pulumi/releases/tag/v3.219.0); one that cannot is warned of, since it may work.
"""

from __future__ import annotations

from functools import lru_cache

import grpc  # type: ignore[import-untyped]
import pulumi
from pulumi.runtime.proto.engine_pb2 import RequirePulumiVersionRequest
from pulumi.runtime.proto.engine_pb2_grpc import EngineStub
from pulumi.runtime.settings import get_engine


def warn_of_old_engine() -> None:
    """Warn, once, if the running engine cannot be asked about its version. Nothing is asked of Pulumi's mocks."""
    engine = get_engine()
    if isinstance(engine, EngineStub):
        _warn(engine)


@lru_cache(maxsize=1)
def _warn(engine: EngineStub) -> None:
    try:
        engine.RequirePulumiVersion(RequirePulumiVersionRequest(pulumi_version_range=">=3.140.0"))
    except grpc.RpcError as error:
        if error.code() is grpc.StatusCode.UNIMPLEMENTED:
            pulumi.log.warn(
                "this Pulumi engine is older than 3.220, and chaninfra is not tested with it. Before 3.140 it does not "
                "pass on access keys that are in the stack's config. Upgrade it: "
                "https://www.pulumi.com/docs/install/"
            )
