"""Which channels get a page, and where the components say that it is. Pulumi's mocks replace the engine."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from chaninfra.channel.page.put import page_digests
from chaninfra.pulumi import ChannelBucket, CondaChannel
from support.pulumi.mocks import Echo

ARGS = {"provider": "custom", "bucket": "my-bucket", "endpoint_url": "https://minio.example.com", "prefix": "main"}
SHARED = {key: value for key, value in ARGS.items() if key != "prefix"}
URL = "https://minio.example.com/my-bucket"


class Recorder(Echo):
    """Records the inputs of each page, by the name of its resource."""

    def __init__(self) -> None:
        self.pages: dict[str, dict[str, Any]] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        if args.typ == "pulumi-python:dynamic/chaninfra:Page":
            self.pages[args.name] = args.inputs
        return super().new_resource(args)


def made(component: Any, output: str, args: dict[str, Any]) -> tuple[Any, dict[str, dict[str, Any]]]:
    """The value of an output of the component, and the pages."""
    recorder, found = Recorder(), []
    pulumi.runtime.set_mocks(recorder)

    @pulumi.runtime.test
    def make() -> Any:
        return getattr(component("packages", args), output).apply(found.append)

    make()
    return found[0], recorder.pages


@pytest.mark.usefixtures("event_loop_for_mocks")
@pytest.mark.parametrize(
    ("more", "url", "pages"),
    [
        ({}, None, []),
        ({"page": True}, None, ["packages-page"]),
        ({"visibility": "public"}, f"{URL}/main/index.html", ["packages-page"]),
        ({"visibility": "public", "page": False}, None, []),
    ],
)
def test_a_channel_has_a_page_as_declared_with_mocks(more: dict[str, Any], url: str | None, pages: list[str]) -> None:
    found, resources = made(CondaChannel, "page_url", {**ARGS, **more})
    assert (found, [*resources]) == (url, pages)
    for inputs in resources.values():
        assert (inputs["prefix"], inputs["contents"]) == ("main", page_digests())
        assert inputs["store"]["bucket"] == "my-bucket"


@pytest.mark.usefixtures("event_loop_for_mocks")
def test_each_channel_of_a_bucket_has_its_own_with_mocks() -> None:
    channels = {"a": {}, "b": {"page": False}, "c": {"prefix": "team/c"}}
    args = {**SHARED, "visibility": "public", "channels": channels}
    found, resources = made(ChannelBucket, "page_urls", args)
    assert found == {"a": f"{URL}/a/index.html", "c": f"{URL}/team/c/index.html"}
    assert {inputs["prefix"] for inputs in resources.values()} == {"a", "team/c"}
    found, resources = made(ChannelBucket, "page_urls", {**args, "visibility": "private", "channels": {"a": {}}})
    assert (found, resources) == ({}, {})
