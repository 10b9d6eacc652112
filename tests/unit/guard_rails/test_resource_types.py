"""The type tokens that the rules check, compared with those of the resources."""

from __future__ import annotations

from importlib import import_module

import pytest

from chaninfra.guard_rails import resource_types
from chaninfra.pulumi import dynamic

AWS = [value for name, value in vars(resource_types).items() if name.startswith("AWS_")]


def test_our_tokens_are_those_of_the_dynamic_resources() -> None:
    classes = [value for value in vars(dynamic).values() if isinstance(value, type)]
    resources = [each for each in classes if issubclass(each, dynamic._Resource) and each is not dynamic._Resource]
    tokens = {f"pulumi-python:{each._resource_type_name}" for each in resources}
    assert len(tokens) == len(resources)
    assert set(resource_types.OURS) <= tokens


# pulumi-aws warns of its own deprecated resources when it is imported.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("token", AWS)
def test_the_tokens_of_aws_are_those_of_pulumi_aws(token: str) -> None:
    module, _, name = token.removeprefix("aws:").partition("/")
    resource = getattr(import_module(f"pulumi_aws.{module}"), name.partition(":")[2])
    assert resource.pulumi_type == token
