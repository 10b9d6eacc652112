"""The policy pack as a process that answers Pulumi's analyzer protocol, without the engine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import grpc
from google.protobuf import empty_pb2, json_format
from pulumi.runtime import proto
from pulumi.runtime.proto import analyzer_pb2_grpc

from support.paths import ROOT

PACK = ROOT / "templates" / "policy-pack"
# The protocol's placeholder for a string that is unknown in a preview.
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_BUSY_MACHINE = 120

LEVELS = {proto.ADVISORY: "advisory", proto.MANDATORY: "mandatory"}


class Declared(NamedTuple):
    """A resource that a program declared."""

    type: str
    name: str
    inputs: Mapping[str, Any]


class Found(NamedTuple):
    """A violation that a policy reported."""

    policy: str
    level: str
    message: str


class Pack:
    """A running policy pack."""

    def __init__(self, stub: analyzer_pb2_grpc.AnalyzerStub) -> None:
        self._stub = stub

    def info(self) -> Any:
        """The pack's description of itself and its policies."""
        return self._stub.GetAnalyzerInfo(empty_pb2.Empty(), timeout=_BUSY_MACHINE)

    def found(self, resources: Iterable[Declared], config: Mapping[str, Mapping[str, Any]]) -> set[Found]:
        """The violations in these resources, each analyzed alone and then all as a stack, with this config."""
        made = list(resources)
        self._stub.Configure(_configured(config), timeout=_BUSY_MACHINE)
        answers = [self._stub.Analyze(_request(each), timeout=_BUSY_MACHINE) for each in made]
        together = proto.AnalyzeStackRequest(resources=[_of_stack(each) for each in made])
        answers.append(self._stub.AnalyzeStack(together, timeout=_BUSY_MACHINE))
        return {
            Found(each.policyName, LEVELS[each.enforcementLevel], each.message.removeprefix(f"{each.description}\n"))
            for answer in answers
            for each in answer.diagnostics
        }


@contextmanager
def running() -> Iterator[Pack]:
    """The pack in `templates/`, started as the engine starts it."""
    command = [sys.executable, "-u", str(PACK), "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            # The pack prints one line, its port; an empty line if it ended.
            port = process.stdout.readline().strip()
            assert port, "the policy pack did not start"
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield Pack(analyzer_pb2_grpc.AnalyzerStub(channel))
        finally:
            process.kill()


def _configured(config: Mapping[str, Mapping[str, Any]]) -> Any:
    request = proto.ConfigureAnalyzerRequest()
    for name, properties in config.items():
        policy = request.policyConfig[name]
        policy.enforcementLevel = proto.MANDATORY
        json_format.ParseDict(properties, policy.properties)
    return request


def _request(resource: Declared) -> Any:
    request = proto.AnalyzeRequest(type=resource.type, name=resource.name, urn=_urn(resource))
    json_format.ParseDict(resource.inputs, request.properties)
    return request


def _of_stack(resource: Declared) -> Any:
    request = proto.AnalyzerResource(type=resource.type, name=resource.name, urn=_urn(resource))
    json_format.ParseDict(resource.inputs, request.properties)
    return request


def _urn(resource: Declared) -> str:
    return f"urn:pulumi:test::chaninfra::{resource.type}::{resource.name}"
