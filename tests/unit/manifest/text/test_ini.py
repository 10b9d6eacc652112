"""INI text."""

from __future__ import annotations

from chaninfra.manifest.text import ini


def test_nested_settings_are_indented_and_an_empty_line_separates_sections() -> None:
    values = {"profile a": {"region": "x", "s3": {"addressing_style": "path"}}, "services a": {"b": "c"}}
    assert ini.document(["a note"], values) == (
        "# a note\n[profile a]\nregion = x\ns3 =\n  addressing_style = path\n\n[services a]\nb = c\n"
    )
