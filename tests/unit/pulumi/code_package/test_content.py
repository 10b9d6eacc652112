"""Which files the zip of the function has."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.utils import canonicalize_name

from chaninfra.pulumi import code_package
from chaninfra.pulumi.code_package.content import entries_of_wheel, own_entries
from code_package_lock import needed
from support.paths import ROOT

OWN = {entry.name: entry for entry in own_entries()}
HANDLER = f"{code_package.HANDLER.rpartition('.')[0].replace('.', '/')}.py"


def test_it_has_the_parts_that_the_function_runs_and_no_others() -> None:
    assert HANDLER in OWN
    assert {name.split("/")[1] for name in OWN if name.startswith("chaninfra/")} == {
        "channel",
        "index",
        "follow",
        "schemas",
    }
    assert {name.rpartition(".")[2] for name in OWN} == {"py", "json", "dist-info/METADATA"}


def test_its_code_is_that_of_this_checkout() -> None:
    for name, entry in OWN.items():
        if name.endswith(".py"):
            found = [path for root in ("infra", "cli") if (path := ROOT / root / name).exists()]
            assert [path.read_bytes() for path in found] == [entry.data], name


def imported(source: bytes) -> Iterator[str]:
    """What a module imports anywhere in it, but for type checkers."""
    waiting: list[ast.AST] = [ast.parse(source)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)
        waiting += ast.iter_child_nodes(node)


def test_everything_that_the_function_imports_is_in_it() -> None:
    """Also what is imported within functions, and from module to module, so that no error path ends with another."""
    locked = {*needed("x86_64")}
    distributions = packages_distributions()
    waiting, seen = [HANDLER], {HANDLER}
    while waiting:
        name = waiting.pop()
        for module in imported(OWN[name].data):
            top, path = module.partition(".")[0], module.replace(".", "/")
            if top == "chaninfra":
                parent = path.rpartition("/")[0]
                found = {f"{path}.py", f"{path}/__init__.py", f"{parent}.py", f"{parent}/__init__.py"} & OWN.keys()
                assert found, (name, module)
                waiting += found - seen
                seen |= found
            elif top not in sys.stdlib_module_names:
                assert {canonicalize_name(each) for each in distributions[top]} & locked, (name, module)
    assert len(seen) > 80


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("rattler/rattler.abi3.so", True),
        ("rattler/rattler.pyi", False),
        ("rattler/py.typed", False),
        ("py_rattler-1.dist-info/METADATA", True),
        ("py_rattler-1.dist-info/RECORD", False),
        ("py_rattler-1.dist-info/sboms/x.json", False),
        ("py_rattler-1.dist-info/licenses/METADATA", False),
        ("jmespath-1.data/scripts/jp.py", False),
        ("botocore/data/endpoints.json", True),
        ("botocore/data/s3/2006-03-01/service-2.json.gz", True),
        ("botocore/data/cloudfront/2020-05-31/service-2.json.gz", True),
        ("botocore/data/s3control/2018-08-20/service-2.json.gz", False),
        ("botocore/data/ec2/2016-11-15/service-2.json.gz", False),
        ("botocore/cacert.pem", True),
        ("boto3/data/s3/2006-03-01/resources-1.json", False),
        ("boto3/session.py", True),
        ("jsonschema/tests/test_cli.py", False),
        ("a/test.py", True),
        ("zstandard/_cffi.cpython-313-x86_64-linux-gnu.so", False),
        ("zstandard/backend_c.cpython-313-x86_64-linux-gnu.so", True),
    ],
)
def test_of_a_wheel_it_has_what_the_function_needs(tmp_path: Path, name: str, kept: bool) -> None:
    wheel = tmp_path / "a.whl"
    with ZipFile(wheel, "w") as archive:
        archive.writestr(name, "content")
    assert [entry.name for entry in entries_of_wheel(wheel)] == ([name] if kept else [])
