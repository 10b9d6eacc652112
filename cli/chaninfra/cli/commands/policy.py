"""`chaninfra policy`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chaninfra.cli.output import streams


def policy(
    *,
    document: Annotated[
        str | None, typer.Argument(metavar="DOCUMENT", help="Its name; left out, all of them by name.")
    ] = None,
    config: Annotated[Path, typer.Option("--config", metavar="FILE", help="The stack file, Pulumi.<stack>.yaml.")],
    account: Annotated[
        str, typer.Option("--account", metavar="ID", help="The AWS account that the roles are in.")
    ] = "ACCOUNT_ID",
    deployer: Annotated[
        str | None,
        typer.Option(
            "--deployer", metavar="ARN", help="Who runs Pulumi: exempt from `aws.vpc-endpoints`, which needs it here."
        ),
    ] = None,
    distribution: Annotated[
        str,
        typer.Option("--distribution", metavar="ID", help="The CloudFront distribution of `cdn`, once it is there."),
    ] = "DISTRIBUTION_ID",
    names: Annotated[bool, typer.Option("--list", help="Only the names of the documents.")] = False,
) -> None:
    """Print the policy documents of a stack file.

    What `pulumi up` would put, without Pulumi.

    The bucket's policy; what the policy of a KMS key must say besides; and for each principal that gets a role its
    trust policy and its rights.

    \b
    Examples:
      chaninfra policy --config Pulumi.prod.yaml --list
      chaninfra policy bucket-policy --config Pulumi.prod.yaml
      chaninfra policy publisher/my-channel/ci/trust --config Pulumi.prod.yaml --account 123456789012
    """
    from chaninfra.channel.errors import ConfigurationError
    from chaninfra.channel.policy.bucket import deployer_arns
    from chaninfra.channel.policy.documents import documents
    from chaninfra.channel.spec.stack_file import read_stack_file
    from chaninfra.channel.text import nearest

    spec = read_stack_file(config)
    if spec.bucket.aws.vpc_endpoints and deployer is None:
        raise ConfigurationError(
            "with `aws.vpc-endpoints` the bucket's policy must exempt whoever runs Pulumi",
            where=str(config),
            remedy="--deployer ARN, as `aws sts get-caller-identity` names it",
        )
    made = documents(
        spec, account=account, deployer=deployer_arns(deployer) if deployer else (), distribution=distribution
    )
    if names:
        streams.result("\n".join(made))
    elif document is None:
        streams.result_json(made)
    elif document in made:
        streams.result_json(made[document])
    else:
        raise ConfigurationError(
            f"there is no document {document!r}", where=str(config), remedy=nearest(document, made)
        )
