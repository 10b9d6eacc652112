"""An engine that cannot be asked for its version is warned of; a newer one is asked once."""

from __future__ import annotations

from unittest.mock import Mock

import grpc
import pulumi
import pytest
from pulumi.runtime.proto.engine_pb2_grpc import EngineStub

from chaninfra.pulumi import old_engine


class EngineDouble(EngineStub):
    """A stand-in for the connection to an engine."""

    def __init__(self, answer: Exception | None) -> None:
        self.RequirePulumiVersion = Mock(side_effect=answer)


class Answer(grpc.RpcError):
    """An answer of gRPC that is an error."""

    def __init__(self, code: grpc.StatusCode) -> None:
        self._code = code

    def code(self) -> grpc.StatusCode:
        return self._code


def warnings(monkeypatch: pytest.MonkeyPatch, answer: Answer | None) -> list[str]:
    """What is said of an engine that answers so, which is asked for by two components."""
    engine, said = EngineDouble(answer), list[str]()
    monkeypatch.setattr(old_engine, "get_engine", lambda: engine)
    monkeypatch.setattr(pulumi.log, "warn", said.append)
    old_engine.warn_of_old_engine()
    old_engine.warn_of_old_engine()
    assert engine.RequirePulumiVersion.call_count == 1
    return said


def test_an_old_engine_is_warned_of_once(monkeypatch: pytest.MonkeyPatch) -> None:
    (said,) = warnings(monkeypatch, Answer(grpc.StatusCode.UNIMPLEMENTED))
    assert "older than 3.220" in said
    assert "https://www.pulumi.com/docs/install/" in said


@pytest.mark.parametrize("answer", [None, Answer(grpc.StatusCode.UNKNOWN), Answer(grpc.StatusCode.UNAVAILABLE)])
def test_nothing_is_said_of_another(monkeypatch: pytest.MonkeyPatch, answer: Answer | None) -> None:
    assert warnings(monkeypatch, answer) == []


def test_mocks_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(old_engine, "get_engine", lambda: None)
    old_engine.warn_of_old_engine()
