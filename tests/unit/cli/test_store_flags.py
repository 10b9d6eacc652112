"""The store options, as rattler-index and pixi spell them."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

import pytest
import typer
from typer.testing import CliRunner

from chaninfra.channel.errors import ConfigurationError
from chaninfra.cli.app import app
from chaninfra.cli.command import Group
from chaninfra.cli.store_flags import StoreCommand, StoreFlags, with_store_flags


def parsed(*args: str) -> tuple[StoreFlags, str]:
    got: list[tuple[StoreFlags, str]] = []

    def command(*, channel: str, store: StoreFlags) -> None:
        got.append((store, channel))

    command.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter("channel", inspect.Parameter.KEYWORD_ONLY, annotation=str, default=typer.Argument()),
            inspect.Parameter("store", inspect.Parameter.KEYWORD_ONLY, annotation=StoreFlags),
        ]
    )
    made = typer.Typer(cls=Group)
    made.command("run", cls=StoreCommand)(with_store_flags(command))
    made.command("other")(lambda: None)
    done = CliRunner().invoke(made, ["run", *args])
    assert done.exit_code == 0, done.output
    return got[0]


@pytest.mark.parametrize(
    ("flags", "path_style"),
    [
        ((), None),
        (("--force-path-style",), True),
        (("--force-path-style=true",), True),
        (("--force-path-style", "true"), True),
        (("--force-path-style=false",), False),
        (("--force-path-style", "false"), False),
        (("--addressing-style", "path"), True),
        (("--addressing-style", "virtual-host"), False),
        (("--force-path-style", "--addressing-style", "path"), True),
    ],
)
@pytest.mark.parametrize("channel_comes", ["first", "last"])
def test_path_style(flags: Sequence[str], path_style: bool | None, channel_comes: str) -> None:
    args = ["s3://b/c", *flags] if channel_comes == "first" else [*flags, "s3://b/c"]
    store, channel = parsed(*args)
    assert (store.path_style, channel) == (path_style, "s3://b/c")


def test_contradicting_path_style_options_are_refused() -> None:
    store, _ = parsed("c", "--force-path-style", "--addressing-style", "virtual-host")
    with pytest.raises(ConfigurationError, match="contradict"):
        _ = store.path_style


def test_the_command_line_of_pixis_s3_page_is_accepted() -> None:
    store, channel = parsed(
        *("s3://my-s3-bucket/my-channel", "--endpoint-url", "https://my-s3-host", "--region", "us-east-1"),
        *("--force-path-style", "--access-key-id", "<access-key-id>", "--secret-access-key", "<secret-access-key>"),
    )
    assert channel == "s3://my-s3-bucket/my-channel"
    assert store == StoreFlags(
        endpoint_url="https://my-s3-host",
        region="us-east-1",
        force_path_style="true",
        access_key_id="<access-key-id>",
        secret_access_key="<secret-access-key>",
    )


def test_a_secret_is_not_in_its_repr() -> None:
    store, _ = parsed("c", "--access-key-id", "a", "--secret-access-key", "hidden", "--session-token", "token")
    assert "hidden" not in repr(store)
    assert "token" not in repr(store)


def test_arguments_after_two_dashes_are_not_options() -> None:
    _, channel = parsed("--", "--force-path-style")
    assert channel == "--force-path-style"


@pytest.mark.parametrize(
    "args",
    [
        ["notice", "add", "Some news", "s3://b/c"],
        ["patch", "import", "a.json", "s3://b/c", "--subdir", "noarch", "--dry-run"],
        ["yank", "hello", "s3://b/c", "--dry-run"],
        ["snapshot", "create", "s3://b/c", "y"],
    ],
)
def test_a_channel_that_is_no_option_is_told_to_be_one(args: list[str]) -> None:
    """And no command is printed: it would lack the options that were given."""
    error = CliRunner().invoke(app, args).exception
    assert isinstance(error, ConfigurationError)
    assert (error.where, error.remedy) == ("s3://b/c", "put -c before it: `-c s3://b/c`")


def test_other_words_too_many_are_told_as_ever() -> None:
    for word in ("hello", "b.json"):
        done = CliRunner().invoke(app, ["patch", "import", "a.json", word, "--subdir", "noarch"])
        assert (done.exit_code, "unexpected extra argument" in done.output) == (2, True)
