"""What would fail on a system that is not at hand, and shows in the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from support.paths import ROOT

_OF_ONE_SYSTEM = {
    *("crypt", "fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "spwd", "syslog", "termios", "tty"),
    *("_winapi", "msvcrt", "nt", "winreg", "winsound", "colorama"),
}
_PRODUCT = sorted(path for folder in ("cli", "infra", "tools") for path in (ROOT / folder).rglob("*.py"))


def imported(tree: ast.Module) -> Iterator[str]:
    """The modules that the import of this one imports: those outside of functions."""
    for node in tree.body:
        inner = [node] if isinstance(node, ast.Import | ast.ImportFrom) else []
        if isinstance(node, ast.If | ast.Try | ast.With | ast.ClassDef):
            inner = [each for each in ast.walk(node) if isinstance(each, ast.Import | ast.ImportFrom)]
        for each in inner:
            if isinstance(each, ast.ImportFrom):
                yield each.module or ""
            else:
                yield from (alias.name for alias in each.names)


def test_no_module_of_one_system_is_imported_at_the_start() -> None:
    found = {path: _OF_ONE_SYSTEM.intersection(imported(ast.parse(path.read_text("utf-8")))) for path in _PRODUCT}
    assert len(found) > 200
    assert not {str(path.relative_to(ROOT)): modules for path, modules in found.items() if modules}


def test_such_an_import_is_found() -> None:
    source = "import os\nif True:\n    import fcntl\n\ndef f():\n    import pwd\n"
    assert [*imported(ast.parse(source))] == ["os", "fcntl"]
