"""Fixtures of the tests that run on every store: `make test-stores` runs them, a server once for all of its tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from support.stores.model import Running
from support.stores.table import STORES


@pytest.fixture(scope="session")
def _started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Running]]:
    """Starts a store when it is first asked for; all that were started run until the session ends."""
    running: dict[str, Running] = {}
    with ExitStack() as stack:

        def started(name: str) -> Running:
            if name not in running:
                store = STORES[name]
                server = stack.enter_context(store.start(tmp_path_factory.mktemp(name)))
                running[name] = Running(store, server)
            return running[name]

        yield started


@pytest.fixture
def running(store_name: str, _started: Callable[[str], Running]) -> Running:
    """The store `store_name`."""
    return _started(store_name)


def _asked() -> list[str]:
    """The stores that the variable STORES names, or all."""
    return os.environ.get("STORES", "").replace(",", " ").split() or [*STORES]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test with `running` runs on every store that is asked for; in a module with a tuple ONLY, on those of them
    that it names."""
    if "store_name" in metafunc.fixturenames:
        chosen = [name for name in _asked() if name in getattr(metafunc.module, "ONLY", STORES)]
        # One worker runs the tests of a store: to start the server may take longer than they do.
        params = [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in chosen]
        metafunc.parametrize("store_name", params, ids=chosen)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of this folder are of `make test-stores`; those of a module with ONLY are left out where none of the
    stores that it names is asked for."""
    asked, kept = _asked(), []
    for item in items:
        only: tuple[str, ...] = ()
        if "integration/stores/" in item.path.as_posix():
            item.add_marker(pytest.mark.stores)
            only = getattr(getattr(item, "module", None), "ONLY", ())
        if only and "running" not in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group(only[0]))
        if not only or set(only) & set(asked):
            kept.append(item)
    items[:] = kept
