"""A public channel on Garage: its bucket is read at the web endpoint, after the commands of `next-steps`."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from support.channels import channels, conda_client
from support.channels.channel_at import Place
from support.channels.packages import make_package
from support.pulumi.stacks import Stack
from support.stores.garage import GARAGE, start, typed

ONLY = ("garage",)


def test_everybody_installs_from_the_web_endpoint(bucket_name: str, tmp_path: Path) -> None:
    with start(tmp_path / "server") as garage:
        url = f"http://localhost:{urlsplit(garage.web_url).port}/team/main"
        public = {"visibility": "public", "public_url": url, "index": {"writers": "single"}}
        stack = Stack(tmp_path / "stack", GARAGE.config(garage, bucket_name, **public), garage.environment())
        ran = stack.up()
        assert ran.code == 0, ran
        (step,) = stack.outputs()["next-steps"]
        assert f"let localhost:{urlsplit(garage.web_url).port} reach the web endpoint" in " ".join(step["steps"])
        typed(garage, bucket_name, step["steps"], tmp_path)
        # The web endpoint finds the bucket by the host's name: this is what lets this host reach it.
        garage.run("bucket", "alias", bucket_name, "localhost")
        place = Place(garage, bucket_name, f"s3://{bucket_name}/team/main")
        place.done("publish", make_package(tmp_path, "hello", "1.0"))
        assert "share/hello.txt" in conda_client.install(url, ["hello"], tmp_path / "anybody")
        garage.run("bucket", "unalias", "localhost")
        stack.config(force_destroy=True)
        for run in (stack.up, stack.destroy):
            ran = run()
            assert ran.code == 0, ran
        assert bucket_name not in channels.buckets(garage)
        assert bucket_name not in garage.run("bucket", "list")
