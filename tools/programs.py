"""Programs of others that the tests run: built from their sources into the user's cache, once a version."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from chaninfra.channel import user_cache as cache
from chaninfra.channel.errors import EngineError
from chaninfra.engine import gobuild
from chaninfra.engine.process import Report, output, step

_HERE = Path(__file__).parent
_OF_OTHERS = ("CARGO_BUILD_TARGET", "CARGO_ENCODED_RUSTFLAGS", "CARGO_PROFILE_", "RUSTFLAGS")
"""How variables begin that a user may have set for other projects, and that change what cargo builds."""


def built(module: Path, package: str, versioned: str, report: Report) -> Path:
    """The program that `package` is, named as the folder `module` of its go.mod; built if the cache does not have it.

    Its version is that of the module `versioned` in go.mod. Raises EngineError.
    """
    name = module.name
    home = cache.folder() / module.parent.name / f"{name}-{gobuild.pinned(module, versioned)}"

    def fill(folder: Path) -> None:
        scratch = folder / "scratch"
        go = gobuild.toolchain([module], scratch, report)
        gobuild.build(go, module, package, folder / name, report)
        shutil.rmtree(scratch, ignore_errors=True)

    return cache.kept(home, fill, report) / name


@dataclass(frozen=True)
class GoProgram:
    """A Go program that another module can require: `tools/servers/NAME` has that go.mod, and go.sum."""

    package: str
    versioned: str
    """The module in go.mod whose version is the program's."""

    def version(self, name: str) -> str:
        """Its version, as go.mod pins it: `1.8.0`."""
        return gobuild.pinned(_HERE / "servers" / name, self.versioned)

    def get(self, name: str, report: Report) -> Path:
        """The program `name`, built if the cache does not have it. Raises EngineError."""
        return built(_HERE / "servers" / name, self.package, self.versioned, report)


@dataclass(frozen=True)
class GoSources:
    """A Go program whose go.mod replaces modules, so that no other module can require it: built in its own folder."""

    module: str
    pinned: str
    """The version of the module, without its `v`."""
    hashed: str
    """The hash of the module's files, as in a go.sum: `h1:…`."""
    package: str
    """The package in the module, from its folder: `./weed`."""

    def version(self, _name: str) -> str:
        """Its version."""
        return self.pinned

    def get(self, name: str, report: Report) -> Path:
        """The program `name`, built if the cache does not have it. Raises EngineError."""

        def fill(folder: Path) -> None:
            scratch = folder / "scratch"
            empty = folder / "empty"
            empty.mkdir()
            (empty / "go.mod").write_text("module empty\n\ngo 1.24\n")
            go = gobuild.toolchain([empty], scratch, report)
            wanted = f"{self.module}@v{self.pinned}"
            # Twice: with -json it says on stdout why it failed.
            go.run(empty, "mod", "download", wanted)
            said = json.loads(go.run(empty, "mod", "download", "-json", wanted))
            # Its own go.sum is for what it requires.
            if said["Sum"] != self.hashed:
                raise EngineError(
                    f"{wanted} has the hash {said['Sum']}, and not {self.hashed}: somebody changed it",
                    where=said["Zip"],
                    remedy="build nothing of it; look at what GOPROXY says, where the module comes from",
                )
            sources = scratch / "sources"
            shutil.copytree(said["Dir"], sources, copy_function=shutil.copyfile)
            for path in (sources, *sources.rglob("*")):
                path.chmod(0o755 if path.is_dir() else 0o644)
            # The module may need a newer Go than the download did.
            go = gobuild.toolchain([sources], scratch, report)
            gobuild.build(go, sources, self.package, folder / name, report)
            shutil.rmtree(scratch, ignore_errors=True)
            shutil.rmtree(empty)

        return cache.kept(cache.folder() / "servers" / f"{name}-{self.pinned}", fill, report) / name


@dataclass(frozen=True)
class Crate:
    """A program of crates.io, built by the `cargo` on PATH with the versions that its Cargo.lock pins."""

    crate: str
    pinned: str
    options: tuple[str, ...] = ()
    """Options of `cargo install`."""
    toolchain: str | None = None
    """The version of Rust that it needs, where that may be newer than the one on PATH: rustup must have it."""
    needs: Mapping[str, str] = field(default_factory=dict)
    """Another program that its build runs → Debian's package with it."""

    def version(self, _name: str) -> str:
        """Its version."""
        return self.pinned

    def get(self, name: str, report: Report) -> Path:
        """The program `name`, built if the cache does not have it. Raises EngineError."""

        def fill(folder: Path) -> None:
            cargo = shutil.which("cargo")
            if cargo is None:
                raise EngineError(
                    f"{name} is built by cargo, and there is none on PATH",
                    where="PATH",
                    remedy="install Rust, from your system's packages or by rustup, and run this again",
                )
            env = {key: value for key, value in os.environ.items() if not key.startswith(_OF_OTHERS)}
            env |= {"CARGO_INCREMENTAL": "0", "CARGO_PROFILE_DEV_DEBUG": "0"}
            chosen = [cargo, *([f"+{self.toolchain}"] if self.toolchain else [])]
            self._try(chosen, folder, env)
            for program, package in self.needs.items():
                if shutil.which(program) is None:
                    raise EngineError(
                        f"the build of {name} runs {program}, and there is none on PATH",
                        where="PATH",
                        remedy=f"install it, on Debian by `apt-get install {package}`, and run this again",
                    )
            command = [*chosen, "install", "--quiet", self.crate, "--version", self.pinned, "--locked"]
            command += ["--root", str(folder), "--target-dir", str(folder / "target"), *self.options]
            with step(report, f"{name} from its Rust sources"):
                # In this folder: rustup takes the toolchain that a file of the project above it names.
                output(command, cwd=folder, env=env)
            (folder / "bin" / name).rename(folder / name)
            shutil.rmtree(folder / "target", ignore_errors=True)

        return cache.kept(cache.folder() / "servers" / f"{name}-{self.pinned}", fill, report) / name

    def _try(self, cargo: list[str], folder: Path, env: dict[str, str]) -> None:
        try:
            output([*cargo, "--version"], cwd=folder, env=env)
        except EngineError as error:
            wanted = self.toolchain or "stable"
            raise EngineError(
                f"{self.crate} is built by cargo, which does not run: {error.message}",
                where=cargo[0],
                remedy=f"install Rust by rustup, then `rustup toolchain install {wanted}`, and run this again",
            ) from error
