"""The secret of a webhook."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.follow.secret import VARIABLE, Secret, read_secret

TEXT = "0123456789abcdef"


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize("shown", [f"Bearer {TEXT}", f"bearer  {TEXT} ", basic("", TEXT), basic("me", TEXT)])
def test_the_right_secret(shown: str) -> None:
    assert Secret(TEXT, "x").is_in(shown)


@pytest.mark.parametrize(
    "shown",
    [
        *(None, "", TEXT, f"Bearer {TEXT}x", f"Bearer {TEXT[:-1]}", "Bearer", "Bearer ", f"Digest {TEXT}"),
        *(basic(TEXT, ""), basic("me", TEXT + "x"), f"Basic {TEXT}", "Basic é", "Bearer \udcff", "Bearer é"),
        *(f"Bearer {TEXT.upper()}", f"Bearer {TEXT} {TEXT}", f"Bearer {TEXT},{TEXT}", f"Bearer\t{TEXT}", f"\xa0{TEXT}"),
        *(f"AWS4-HMAC-SHA256 {TEXT}", f"Bearer={TEXT}", basic("me", "") + TEXT, "Basic " + "A" * 100_000, "Basic /w=="),
    ],
)
def test_a_wrong_secret(shown: str | None) -> None:
    assert not Secret(TEXT, "x").is_in(shown)


@pytest.mark.parametrize("text", ["short", "with a space in it", "line\nbreak" + TEXT, "é" * 20, "a" * 513])
def test_a_secret_that_is_refused_is_not_told(text: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        Secret(text, "x")
    assert text not in str(error.value)


def test_where_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(ConfigurationError, match="openssl rand"):
        read_secret(None)
    file = tmp_path / "secret"
    with pytest.raises(ConfigurationError, match="No such file"):
        read_secret(file)
    file.write_text(f"{TEXT}\n")
    assert read_secret(file).is_in(f"Bearer {TEXT}")
    monkeypatch.setenv(VARIABLE, TEXT[::-1])
    assert read_secret(None).is_in(f"Bearer {TEXT[::-1]}")
    assert TEXT not in repr(read_secret(file))
