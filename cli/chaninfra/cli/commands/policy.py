"""`chaninfra policy`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from chaninfra.cli.output import streams

_BY_AWS = "give the {} that `{}` prints"


def policy(
    *,
    document: Annotated[
        str | None,
        typer.Argument(
            metavar="DOCUMENT",
            help="bucket-policy, kms-key-policy, ROLE/CHANNEL/PRINCIPAL/trust or ROLE/CHANNEL/PRINCIPAL/rights (its "
            "permissions), see --list. Default: all, as one JSON object by name.",
        ),
    ] = None,
    config: Annotated[Path, typer.Option("--config", metavar="FILE", help="The stack file, Pulumi.<stack>.yaml.")],
    account: Annotated[
        str, typer.Option("--account", metavar="ID", help="ID of the AWS account of the IAM roles.")
    ] = "ACCOUNT_ID",
    deployer: Annotated[
        str | None,
        typer.Option(
            "--deployer",
            metavar="ARN",
            help="ARN of the identity that runs Pulumi. Required with `aws.vpc-endpoints`, from which it is exempt.",
        ),
    ] = None,
    distribution: Annotated[
        str,
        typer.Option("--distribution", metavar="ID", help="ID of the CloudFront distribution that `cdn` creates."),
    ] = "DISTRIBUTION_ID",
    names: Annotated[bool, typer.Option("--list", help="Print only the names of the documents.")] = False,
) -> None:
    """Print the policy documents of a stack file.

    Prints the policies that `pulumi up` would apply: the bucket policy, and each principal's permissions and, if it
    gets an IAM role, trust policy. Also prints the statements that the KMS key's policy needs, which you add yourself.
    Makes no requests, and runs Pulumi only to decrypt what was set with --secret.

    The project's program is chaninfra's own, or one in YAML with one component of chaninfra, which is read with the
    config of the stack file. Another program is refused: only Pulumi knows what it declares.

    \b
    Examples:
      chaninfra policy --config Pulumi.prod.yaml --list
      chaninfra policy bucket-policy --config Pulumi.prod.yaml
      chaninfra policy publisher/my-channel/ci/trust --config Pulumi.prod.yaml --account 123456789012
    """
    from chaninfra.channel import patterns
    from chaninfra.channel.errors import ConfigurationError
    from chaninfra.channel.policy.bucket import deployer_arns
    from chaninfra.channel.policy.documents import documents
    from chaninfra.channel.spec.stack_file import check_program, ignored_keys, read_stack_file
    from chaninfra.channel.spec.warnings import warnings
    from chaninfra.channel.text import nearest

    if account != "ACCOUNT_ID":
        patterns.check(account, patterns.ACCOUNT, where="--account", remedy="give the 12 digits of the account")
    if distribution != "DISTRIBUTION_ID":
        patterns.check(
            distribution,
            patterns.DISTRIBUTION,
            where="--distribution",
            remedy=_BY_AWS.format("ID", "aws cloudfront list-distributions"),
        )
    if deployer is not None:
        patterns.check(
            deployer,
            patterns.CALLER,
            where="--deployer",
            remedy="give the ARN that `aws sts get-caller-identity` prints",
        )
    check_program(config)
    spec = read_stack_file(config, _decrypted)
    if spec.bucket.aws.vpc_endpoints and deployer is None:
        raise ConfigurationError(
            "the bucket policy must exempt the identity that runs Pulumi",
            where=str(config),
            key=("aws", "vpc-endpoints"),
            remedy="give --deployer with the ARN that `aws sts get-caller-identity` prints",
        )
    for problem in (*ignored_keys(config), *warnings(spec, where=str(config))):
        streams.warning(problem)
    by_name = documents(
        spec, account=account, deployer=deployer_arns(deployer) if deployer else (), distribution=distribution
    )
    if not by_name:
        streams.note("no policies: the channels are private, and the stack file names nobody else who may use them")
    if names:
        for name in by_name:
            streams.result(name)
    elif document is None:
        streams.result_json(by_name)
    elif document in by_name:
        streams.result_json(by_name[document])
    else:
        raise ConfigurationError(
            f"there is no document {document!r}", where=str(config), remedy=nearest(document, by_name)
        )


def _decrypted(path: Path) -> dict[str, Any]:
    from chaninfra.engine.stacks import stack_config

    return stack_config(path)
