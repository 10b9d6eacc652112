"""The Dockerfile. There is no docker here: it is read, and its build is run without it by a test marked long."""

from __future__ import annotations

import json
import subprocess

import pytest

from chaninfra.manifest.formats import versions
from support.release.distributions import tracked
from support.release.dockerfile import context, copied, stages


def test_it_runs_the_command_line_as_a_user_who_is_not_root() -> None:
    build, last = stages()
    assert build.image == last.image == f"{versions.PYTHON_IMAGE}-slim"
    (user,) = last.all("USER")
    assert int(user) >= 10000
    assert f"useradd --uid {user} " in " ".join(last.all("RUN"))
    (entrypoint,) = last.all("ENTRYPOINT")
    assert json.loads(entrypoint) == ["chaninfra"]
    keywords = [keyword for keyword, _ in last.instructions]
    assert keywords.index("USER") > max(place for place, each in enumerate(keywords) if each in ("RUN", "COPY"))
    assert last.all("COPY") == ["--from=build /opt/chaninfra /opt/chaninfra"]


def test_nothing_is_fetched_but_packages_and_no_secret_is_a_layer() -> None:
    for stage in stages():
        assert not stage.all("ADD")
        assert not stage.all("ARG")
        for command in stage.all("RUN"):
            assert not {"curl", "wget", "apt-get", "sudo"} & set(command.split())
            assert subprocess.run(["sh", "-n", "-c", command], check=False).returncode == 0


def test_what_it_copies_is_in_the_checkout_and_in_the_context() -> None:
    files = tracked()
    let_through = context(files)
    for name, _ in copied():
        inside = {file for file in files if file == name or file.startswith(f"{name}/")}
        assert inside, name
        assert inside <= let_through, name
    # And no more than that: no stack file, no history, no tests.
    names = tuple(name for name, _ in copied())
    assert {
        file for file in let_through if not any(file == name or file.startswith(f"{name}/") for name in names)
    } == set()


@pytest.mark.parametrize(
    "file",
    [".git/config", "Pulumi.prod.yaml", ".env", "tests/conftest.py", "cli/chaninfra/__pycache__/a.pyc", "tools/setup"],
)
def test_what_stays_out_of_the_context(file: str) -> None:
    assert context([file]) == set()
