"""Runs long tests on several servers concurrently, since an engine run uses one core."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from support.pulumi.stacks import engine
from support.servers.s3_servers import Server

Story = Callable[[Server, str, Path], None]
Told = dict[str, Future[None]]


def tell(story: Story, servers: Iterable[Server], folders: pytest.TempPathFactory) -> Told:
    """Server name → the result of the story, a function of server, bucket name and folder, on that server."""
    engine()
    with ThreadPoolExecutor() as pool:
        return {
            server.name: pool.submit(story, server, f"test-{secrets.token_hex(6)}", folders.mktemp(server.name))
            for server in servers
        }
