"""The plugin's process: Pulumi's provider protocol over gRPC."""

import json
import os
import re
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from importlib.metadata import version
from threading import Event
from typing import Any, TypeVar

import grpc
from botocore.exceptions import BotoCoreError, ClientError
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime import proto
from pulumi.runtime.proto import provider_pb2 as messages
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer, add_ResourceProviderServicer_to_server

from . import provider
from .arguments import Failure
from .aws import Aws
from .diff import Change
from .errors import ProviderError, explained
from .properties import UnlistedPropertyError
from .values import decode, encode, is_unknown

_VERSION = version("pulumi-aws")
_Method = TypeVar("_Method", bound=Callable[..., Any])


def _reported(method: _Method) -> _Method:
    """Passes an error of a call to the engine, which shows it to the user."""

    @wraps(method)
    def call(self: "Servicer", request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request, context)
        except ClientError as error:
            context.abort(grpc.StatusCode.UNKNOWN, explained(error))
        except (ProviderError, UnlistedPropertyError, BotoCoreError) as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))

    return call  # type: ignore[return-value]


class Servicer(ResourceProviderServicer):
    """A provider resource; the engine starts one process for each."""

    def __init__(self) -> None:
        self._aws: Aws | None = None

    @property
    def aws(self) -> Aws:
        if self._aws is None:
            raise ProviderError("the provider is not configured")
        return self._aws

    def GetPluginInfo(self, request: Empty, context: grpc.ServicerContext) -> proto.PluginInfo:
        return proto.PluginInfo(version=_VERSION)

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> messages.GetSchemaResponse:
        return messages.GetSchemaResponse(schema=json.dumps({"name": "aws", "version": _VERSION}))

    def Cancel(self, request: Empty, context: grpc.ServicerContext) -> Empty:
        return Empty()

    @_reported
    def CheckConfig(self, request: messages.CheckRequest, context: grpc.ServicerContext) -> messages.CheckResponse:
        failures = provider.configuration_failures(decode(request.news))
        return messages.CheckResponse(inputs=request.news, failures=_failures(failures))

    def DiffConfig(self, request: messages.DiffRequest, context: grpc.ServicerContext) -> messages.DiffResponse:
        changed = decode(request.olds) != decode(request.news)
        return messages.DiffResponse(changes=_changes(changed))

    @_reported
    def Configure(
        self, request: messages.ConfigureRequest, context: grpc.ServicerContext
    ) -> messages.ConfigureResponse:
        config = decode(request.args)
        if not is_unknown(config):
            self._aws = provider.configured(config)
        return messages.ConfigureResponse(acceptSecrets=False, supportsPreview=True)

    @_reported
    def Check(self, request: messages.CheckRequest, context: grpc.ServicerContext) -> messages.CheckResponse:
        inputs, failures = provider.checked(
            _token(request.urn), _name(request.urn), decode(request.news), decode(request.olds)
        )
        return messages.CheckResponse(inputs=encode(inputs), failures=_failures(failures))

    @_reported
    def Diff(self, request: messages.DiffRequest, context: grpc.ServicerContext) -> messages.DiffResponse:
        token, state, inputs = _token(request.urn), decode(request.olds), decode(request.news)
        found = provider.diff(self.aws, token, state, inputs)
        return messages.DiffResponse(
            changes=_changes(bool(found)),
            replaces=_names(change for change in found if change.replaces),
            diffs=_names(found),
            detailedDiff={change.path: messages.PropertyDiff(kind=_kind(change)) for change in found},
            hasDetailedDiff=True,
            deleteBeforeReplace=provider.replaces_before_create(token, state, inputs),
        )

    @_reported
    def Create(self, request: messages.CreateRequest, context: grpc.ServicerContext) -> messages.CreateResponse:
        token, inputs = _token(request.urn), decode(request.properties)
        if request.preview:
            return messages.CreateResponse(properties=encode(provider.planned(self.aws, token, {}, inputs)))
        id_, state = provider.create(self.aws, token, inputs)
        return messages.CreateResponse(id=id_, properties=encode(state))

    @_reported
    def Read(self, request: messages.ReadRequest, context: grpc.ServicerContext) -> messages.ReadResponse:
        state, inputs = decode(request.properties), decode(request.inputs)
        found = provider.read(self.aws, _token(request.urn), request.id, state, inputs)
        if found is None:
            # An empty id means that the resource is missing.
            return messages.ReadResponse()
        return messages.ReadResponse(id=request.id, properties=encode(found.state), inputs=encode(found.inputs))

    @_reported
    def Update(self, request: messages.UpdateRequest, context: grpc.ServicerContext) -> messages.UpdateResponse:
        token, state, inputs = _token(request.urn), decode(request.olds), decode(request.news)
        if request.preview:
            return messages.UpdateResponse(properties=encode(provider.planned(self.aws, token, state, inputs)))
        return messages.UpdateResponse(properties=encode(provider.update(self.aws, token, request.id, state, inputs)))

    @_reported
    def Delete(self, request: messages.DeleteRequest, context: grpc.ServicerContext) -> Empty:
        provider.delete(self.aws, _token(request.urn), request.id, decode(request.properties))
        return Empty()

    @_reported
    def Invoke(self, request: messages.InvokeRequest, context: grpc.ServicerContext) -> messages.InvokeResponse:
        found = provider.invoke(self.aws, request.tok, decode(request.args))
        return messages.InvokeResponse(**{"return": encode(found)})


def serve() -> None:
    """Serves until the engine ends the process, or ends itself."""
    # Without credentials boto3 would wait for a metadata service, which tests do not have.
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    server = grpc.server(ThreadPoolExecutor(max_workers=16))
    add_ResourceProviderServicer_to_server(Servicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    engine, never = os.getppid(), Event()
    while os.getppid() == engine:
        never.wait(1)


def _token(urn: str) -> str:
    """The type in urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME."""
    return urn.split("::")[2].rpartition("$")[2]


def _name(urn: str) -> str:
    return urn.split("::", 3)[3]


def _names(changes: Iterable[Change]) -> list[str]:
    """The properties of the resource in which `changes` are."""
    return list(dict.fromkeys(re.split(r"[.\[]", change.path)[0] for change in changes))


def _failures(failures: Iterable[Failure]) -> list[messages.CheckFailure]:
    found = sorted(failures, key=lambda failure: failure.path)
    return [messages.CheckFailure(property=failure.path, reason=failure.reason) for failure in found]


def _changes(changed: bool) -> messages.DiffResponse.DiffChanges.ValueType:
    return messages.DiffResponse.DIFF_SOME if changed else messages.DiffResponse.DIFF_NONE


def _kind(change: Change) -> messages.PropertyDiff.Kind.ValueType:
    kind = "ADD" if change.added else "DELETE" if change.removed else "UPDATE"
    return messages.PropertyDiff.Kind.Value(f"{kind}_REPLACE" if change.replaces else kind)
