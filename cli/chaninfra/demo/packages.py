"""The demo's three packages: one for noarch, one for linux-64, and one that depends on both."""

from __future__ import annotations

from pathlib import Path

SUBDIR = "linux-64"
# (name, version, subdir, depends)
_PACKAGES = (
    ("demo-words", "1.0.0", "noarch", ()),
    ("demo-engine", "2.3.1", SUBDIR, ()),
    ("demo-app", "0.1.0", SUBDIR, ("demo-words >=1", "demo-engine 2.*")),
)
INSTALLED = "demo-app"


def assemble(folder: Path) -> list[Path]:
    """Build the packages in `folder`; return their files, noarch first."""
    from rattler_build import assemble_package

    files = []
    for name, version, subdir, depends in _PACKAGES:
        content = folder / "content" / name / "share" / name
        content.mkdir(parents=True)
        (content / "README.txt").write_text(f"{name} {version}, from a channel on S3\n", "utf-8")
        output = assemble_package(
            name=name,
            version=version,
            target_platform=subdir,
            build_string="demo_0",
            output_dir=folder,
            files_dir=content.parents[1],
            depends=list(depends),
            noarch="generic" if subdir == "noarch" else None,
            summary="A package of the chaninfra demo",
            license="BSD-3-Clause",
        )
        files.append(Path(output.path))
    return files
