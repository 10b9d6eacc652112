"""What the types have in common that are things of a service with a name, tags and a region."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from support.pulumi.standin.aws import Aws
from support.pulumi.standin.classes import named
from support.pulumi.standin.errors import code, reported
from support.pulumi.standin.properties import Table
from support.pulumi.standin.values import Bag

from .names import with_name
from .resource import carried_over
from .tags import own_tags, with_all_tags

Tags = Mapping[str, str]


@dataclass(frozen=True)
class Thing:
    """A thing of a service. `get` returns what the server says of it, and its tags."""

    token: str
    service: str
    """As boto3 calls it."""
    what: str
    """As the provider's errors call it."""
    table: Table
    make: Callable[[Any, Bag, Tags], str]
    """(client, inputs, tags) → id"""
    get: Callable[[Any, str, Bag], tuple[Bag, Tags] | None]
    """(client, id, state); None, where it is not there and the service makes no error of that."""
    change: Callable[[Any, str, Bag, Bag], None]
    """(client, id, state, inputs)"""
    remove: Callable[[Any, str, Bag], None]
    """(client, id, state)"""
    retag: Callable[[Any, Bag, Tags, set[str]], None] | None = None
    """(client, state, tags, keys of tags that are gone); None: it has no tags."""
    absent: frozenset[str] = field(default=frozenset({"ResourceNotFoundException"}))
    """The error codes that mean that it is not there."""
    longest: int = 64
    """Of a name that the provider makes up."""
    named_by: str = ""

    @property
    def arguments(self) -> type:
        module, _, name = self.token.removeprefix("aws:").partition("/")
        # `lambda` is a word of Python.
        python = "lambda_" if module == "lambda" else module
        return named(f"pulumi_aws.{python}.{name.partition(':')[2]}Args")

    def prepared(self, inputs: Bag, old: Bag, name: str) -> Bag:
        if not self.named_by:
            return inputs
        return with_name(inputs, old, (self.named_by, f"{self.named_by}Prefix"), name, self.longest)

    def planned(self, aws: Aws, inputs: Bag) -> Bag:
        return inputs if self.retag is None else with_all_tags(aws, inputs)

    def create(self, aws: Aws, inputs: Bag) -> str:
        with reported(f"creating {self.what}", self._name):
            return self.make(self._client(aws, inputs), inputs, self.planned(aws, inputs).get("tagsAll", {}))

    def read(self, aws: Aws, id_: str, state: Bag) -> Bag | None:
        with reported(f"reading {self.what} ({id_})", self._name):
            try:
                answer = self.get(self._client(aws, state), id_, state)
            except ClientError as error:
                if code(error) in self.absent:
                    return None
                raise
        if answer is None:
            return None
        found, tags = answer
        more = {} if self.retag is None else own_tags(aws, tags, state)
        return {**carried_over(self.table, state), "region": state.get("region", aws.region), **found, **more}

    def update(self, aws: Aws, id_: str, state: Bag, inputs: Bag) -> None:
        client = self._client(aws, state)
        with reported(f"updating {self.what} ({id_})", self._name):
            self.change(client, id_, state, inputs)
            if self.retag is not None:
                before, now = state.get("tagsAll", {}), self.planned(aws, inputs)["tagsAll"]
                if before != now:
                    self.retag(client, state, now, before.keys() - now.keys())

    def delete(self, aws: Aws, id_: str, state: Bag) -> None:
        with reported(f"deleting {self.what} ({id_})", self._name):
            try:
                self.remove(self._client(aws, state), id_, state)
            except ClientError as error:
                if code(error) not in self.absent:
                    raise

    @property
    def _name(self) -> str:
        return self.what.partition(" ")[0]

    def _client(self, aws: Aws, given: Bag) -> Any:
        return aws.client(self.service, given.get("region"))


def given(arguments: Mapping[str, Any]) -> Bag:
    """The arguments that are set."""
    return {name: value for name, value in arguments.items() if value is not None}
