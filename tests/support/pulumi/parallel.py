"""Stories told on several servers at once, since an engine run keeps one core busy and there are mostly more."""

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
    """How the story (server, bucket's name, folder) ended on each server, by the server's name."""
    engine()
    with ThreadPoolExecutor() as pool:
        return {
            server.name: pool.submit(story, server, f"test-{secrets.token_hex(6)}", folders.mktemp(server.name))
            for server in servers
        }
