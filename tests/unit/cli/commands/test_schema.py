"""`chaninfra schema`."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from chaninfra.channel.errors import ConfigurationError
from chaninfra.cli.app import app


def test_schemas_are_printed() -> None:
    done = CliRunner().invoke(app, ["schema", "channel"])
    assert '"$id": "urn:chaninfra:channel"' in done.stdout
    assert CliRunner().invoke(app, ["schema"]).stdout.split() == ["stack-config", "channel", "access"]


def test_the_keys_carry_the_name_of_the_project() -> None:
    done = CliRunner().invoke(app, ["schema", "stack-config", "--project", "my-project"])
    assert '"my-project:bucket"' in done.stdout
    assert '"chaninfra:bucket"' not in done.stdout


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["channel", "--project", "x"], "only for the schema stack-config"),
        (["stack-config", "--project", "a b"], "name"),
    ],
)
def test_a_project_that_does_not_apply_is_refused(args: list[str], message: str) -> None:
    done = CliRunner().invoke(app, ["schema", *args])
    assert isinstance(done.exception, ConfigurationError)
    assert message in done.exception.message
