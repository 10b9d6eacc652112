"""Shell text: a shell gets the values back."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.text import printable
from chaninfra.manifest.text import shell
from support.example_counts import EXAMPLES

TEXT = st.text(st.characters(codec="utf-8").filter(str.isprintable))


@EXAMPLES
@given(st.text(), TEXT)
def test_any_printable_text_survives(note: str, value: str) -> None:
    lines = [*shell.exports({"VALUE": value}), 'printf "%s" "$VALUE"', shell.command(["printf", "%s", value])]
    script = shell.document([note], shell.script(lines))
    done = subprocess.run(["sh", "-eu"], input=script.encode(), capture_output=True, timeout=30, check=True)
    assert done.stdout == 2 * value.encode()


@EXAMPLES
@given(st.text(), st.text())
def test_no_line_end_or_control_character_is_written(note: str, value: str) -> None:
    for write in (shell.word, lambda text: shell.exports({"VALUE": text})[0]):
        try:
            line = write(value)
        except ConfigurationError:
            assert not value.isprintable()
        else:
            assert line.isprintable()
    comment = shell.document([note], "")
    assert comment.count("\n") == 1
    assert comment[:-1].isprintable()


@pytest.mark.parametrize("value", ["a\nrm -rf ~", "a\rb", "\x1b]0;a\x07", "\x9b", "\u2028", "\u202e", "\0", "\udcff"])
def test_a_value_that_no_shell_line_can_hold_is_refused(value: str) -> None:
    with pytest.raises(ConfigurationError, match="not printable") as caught:
        shell.exports({"S3_ENDPOINT_URL": value})
    assert "S3_ENDPOINT_URL" in str(caught.value)
    with pytest.raises(ConfigurationError, match="not printable") as caught:
        shell.command(["chaninfra", "reindex", value])
    assert printable(str(caught.value)) == str(caught.value)
