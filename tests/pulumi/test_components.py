"""The components in programs of users, by the real engine on MinIO."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from components import python_stack, yaml_stack
from s3_servers import Server


def test_a_yaml_program(minio: Server, bucket_name: str, tmp_path: Path) -> None:
    program = f"""
    name: platform
    runtime: yaml
    resources:
      packages:
        type: chaninfra:CondaChannel
        properties:
          provider: minio
          endpointUrl: {minio.endpoint_url}
          bucket: {bucket_name}
          prefix: main
          subdirs: [linux-64]
          oldVersionsDays: 30
          publishers:
            ci: {{key: {{}}}}
    outputs:
      channel: ${{packages.descriptor}}
      url: ${{packages.url}}
      access: ${{packages.access}}
      keys: ${{packages.keys}}
    """
    stack = yaml_stack(tmp_path / "stack", dedent(program), minio.environment())
    ran = stack.up()
    assert ran.code == 0, ran
    print(stack.outputs())
    assert stack.up().done == {}
    assert stack.destroy().code == 0
