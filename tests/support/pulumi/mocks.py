"""Pulumi's mocks in place of the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pulumi


@contextmanager
def event_loop() -> Iterator[None]:
    """An event loop for Outputs and mocks, which expect one to be set."""
    # The root resource of an earlier test has Outputs on that test's loop, which is closed.
    pulumi.runtime.settings.set_root_resource(None)  # type: ignore[arg-type]
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()


class Echo(pulumi.runtime.Mocks):
    """Answers every resource with its own inputs; no function may be called."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        return args.name, args.inputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[str, Any]:
        raise AssertionError(f"{args.token} was called")
