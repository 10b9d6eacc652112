"""Shell text: a shell gets the values back."""

from __future__ import annotations

import subprocess

from hypothesis import given
from hypothesis import strategies as st

from chaninfra.manifest.text import shell
from support.example_counts import EXAMPLES

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


@EXAMPLES
@given(TEXT, TEXT)
def test_any_text_survives(note: str, value: str) -> None:
    lines = [*shell.exports({"VALUE": value}), 'printf "%s" "$VALUE"', shell.command(["printf", "%s", value])]
    script = shell.document([note], shell.script(lines))
    done = subprocess.run(["sh", "-eu"], input=script.encode(), capture_output=True, timeout=30, check=True)
    assert done.stdout == 2 * value.encode()
