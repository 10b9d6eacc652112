"""The programs that are compared, each with a channel of its own, and how each is asked to do the same."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import dedent
from typing import Any

from bench import baseline, lay, measure
from bench.costs import Cost, Side, What
from bench.generator import SUBDIR, Package
from bench.lay import Place
from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.objects import ObjectBody
from support.channels.cli_runner import PROGRAM
from support.channels.conda_client import INDEX
from support.servers.s3_proxy import Proxy

_WRITER = str(Path(__file__).with_name("library_writer.py"))


class Indexer:
    """A program and its channel; `home` is a folder of its own."""

    side: Side

    def __init__(self, place: Place, home: Path) -> None:
        self.place = place
        self.home = home
        self._new: Path | None = None
        home.mkdir(parents=True, exist_ok=True)

    def prepare(self, files: lay.Files | None = None) -> None:
        """Makes the channel anew, with these index files of the subdir; None: without an index. Packages stay."""
        self.place.clear_index()
        if files is not None:
            lay.put_index(self.place, files)

    def files(self, repodata: Repodata) -> lay.Files:
        """The index files that the program would start from."""
        return lay.our_files(repodata)

    def give(self, package: Package) -> None:
        """A new package is there to be indexed."""
        self._new = self.file(package)

    def file(self, package: Package) -> Path:
        """The package on disk."""
        file = self.home / package.file
        file.write_bytes(package.data)
        return file

    def command(self, what: What, endpoint_url: str) -> list[str]:
        """The command line that does it."""
        raise NotImplementedError

    def measured(self, what: What, between: Proxy) -> Cost:
        """What the command costs."""
        command = self.command(what, between.server.endpoint_url)
        between.take()
        ran = measure.run(command, self.environment())
        traffic = between.take()
        return Cost(ran.seconds, ran.cpu, traffic.requests, traffic.up, traffic.down, ran.peak)

    def timed(self, what: What, counted: Cost) -> Cost:
        """What the command costs at the server itself; requests and bytes are those that were counted."""
        ran = measure.run(self.command(what, self.place.server.endpoint_url), self.environment())
        return dataclasses.replace(counted, seconds=ran.seconds, cpu=ran.cpu, peak=ran.peak)

    def environment(self) -> dict[str, str]:
        """The variables of its processes."""
        # The reference keeps a file in HOME.
        return {"HOME": str(self.home), "NO_PROXY": "127.0.0.1", **self.place.server.environment()}


class Ours(Indexer):
    """chaninfra as it is here, with a setting of `index.monolith`."""

    def __init__(self, place: Place, home: Path, side: Side) -> None:
        super().__init__(place, home)
        self.side = side
        self._program: Sequence[str] = (sys.executable, PROGRAM)
        self._modules: Mapping[str, str] = {
            "parse": "chaninfra.channel.outputs.descriptor",
            "Credentials": "chaninfra.channel.s3.credentials",
            "read": "chaninfra.index.package.local_file",
        }

    def prepare(self, files: lay.Files | None = None) -> None:
        self.place.clear_index()
        command = [*self._program, "init", self.place.url, "--subdir", SUBDIR, "--provider", lay.PROVIDER]
        measure.run([*command, "--endpoint-url", self.place.server.endpoint_url], self.environment())
        if self.side == "never":
            self.place.set_monolith("never")
        if files is not None:
            self.place.clear_subdir()
            lay.put_index(self.place, files)

    def files(self, repodata: Repodata) -> lay.Files:
        return lay.our_files(repodata, IndexSettings(monolith="never" if self.side == "never" else "each-commit"))

    def command(self, what: What, endpoint_url: str) -> list[str]:
        if what == "one package more":
            return self.publish(str(self._new), endpoint_url)
        return [*self._program, "reindex", self.place.url, "--endpoint-url", endpoint_url]

    def publish(self, file: str, endpoint_url: str) -> list[str]:
        """The command line that publishes a file."""
        return [*self._program, "publish", file, "-c", self.place.url, "--endpoint-url", endpoint_url]

    def library_writer(self, files: Sequence[str]) -> list[str]:
        """The command line of one process that publishes files through the library, one a call; see there."""
        given: dict[str, Any] = {"modules": self._modules, "files": files}
        return [sys.executable, "-P", _WRITER, self.place.descriptor().decode(), json.dumps(given)]


class Baseline(Ours):
    """chaninfra at the baseline commit."""

    def __init__(self, place: Place, home: Path, folder: Path) -> None:
        super().__init__(place, home, "baseline")
        self._folder = folder
        self._program = (sys.executable, str(folder / "bin" / "chaninfra"))
        self._modules = {
            "parse": "chaninfra.channel.descriptor",
            "Credentials": "chaninfra.channel.credentials",
            "read": "chaninfra.index.package_file",
        }

    def files(self, repodata: Repodata) -> lay.Files:
        made = baseline.index_files(self._folder, repodata.encode())
        return {key: ObjectBody(data=data, content_type="application/octet-stream") for key, data in made.items()}

    def environment(self) -> dict[str, str]:
        return super().environment() | baseline.environment(self._folder)


class Reference(Indexer):
    """`rattler.index`. It does not upload: the package is there when its time starts."""

    side: Side = "reference"

    def give(self, package: Package) -> None:
        self.place.put([(f"{SUBDIR}/{package.file}", package.data)])

    def command(self, what: What, endpoint_url: str) -> list[str]:
        server = self.place.server
        credentials = {
            "endpoint_url": endpoint_url,
            "region": server.region,
            "access_key_id": server.access_key_id,
            "secret_access_key": server.secret_access_key,
            "addressing_style": "path",
        }
        return [sys.executable, "-c", dedent(INDEX), json.dumps([self.place.url, credentials])]


def check_equal(said: Mapping[Side, Mapping[str, object]]) -> None:
    """Raises AssertionError where two sides do not say the same of the same packages."""
    (first, records), *others = said.items()
    for side, other in others:
        different = [file for file in records.keys() | other.keys() if records.get(file) != other.get(file)]
        if different:
            file = min(different)
            raise AssertionError(
                f"{len(different)} records differ: {file}: {first} has {records.get(file)}, {side} {other.get(file)}"
            )
