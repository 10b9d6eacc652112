"""aws:iam/openIdConnectProvider:OpenIdConnectProvider, and the function that finds one."""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from support.pulumi.standin.aws import Aws
from support.pulumi.standin.classes import named
from support.pulumi.standin.errors import ProviderError, code, reported
from support.pulumi.standin.properties import Table
from support.pulumi.standin.values import Bag

from .iam_table import OIDC_PROVIDER, same_issuer
from .tags import own_tags, to_list, to_map, with_all_tags

# CreateOpenIDConnectProvider in the IAM API reference: without a thumbprint "IAM will retrieve and use the top
# intermediate certificate authority (CA) thumbprint". moto would have none.
RETRIEVED = "f" * 40


@dataclass(frozen=True)
class OpenIdConnectProvider:
    token: str = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
    named_by: str = ""

    @property
    def table(self) -> Table:
        return OIDC_PROVIDER

    @property
    def arguments(self) -> type:
        return named("pulumi_aws.iam.OpenIdConnectProviderArgs")

    def prepared(self, inputs: Bag, old: Bag, name: str) -> Bag:
        return inputs

    def planned(self, aws: Aws, inputs: Bag) -> Bag:
        return with_all_tags(aws, inputs)

    def create(self, aws: Aws, inputs: Bag) -> str:
        with reported("creating IAM OIDC Provider", "IAM"):
            try:
                made = aws.client("iam").create_open_id_connect_provider(
                    Url=inputs["url"],
                    ClientIDList=inputs["clientIdLists"],
                    ThumbprintList=inputs.get("thumbprintLists") or [RETRIEVED],
                    Tags=to_list(self.planned(aws, inputs)["tagsAll"]),
                )
            except ClientError as error:
                if code(error) == "EntityAlreadyExists":
                    # moto says "Unknown".
                    error.response["Error"]["Message"] = f"Provider with url {inputs['url']} already exists."
                raise
        return str(made["OpenIDConnectProviderArn"])

    def read(self, aws: Aws, id_: str, state: Bag) -> Bag | None:
        with reported(f"reading IAM OIDC Provider ({id_})", "IAM"):
            found = _get(aws, id_)
        if found is None:
            return None
        return {
            "arn": id_,
            "clientIdLists": found["ClientIDList"],
            "thumbprintLists": found["ThumbprintList"],
            "url": found["Url"],
            **own_tags(aws, to_map(found.get("Tags", [])), state),
        }

    def update(self, aws: Aws, id_: str, state: Bag, inputs: Bag) -> None:
        iam, where = aws.client("iam"), {"OpenIDConnectProviderArn": id_}
        thumbprints = inputs.get("thumbprintLists")
        if thumbprints and thumbprints != state["thumbprintLists"]:
            with reported(f"updating IAM OIDC Provider ({id_}) thumbprint", "IAM"):
                iam.update_open_id_connect_provider_thumbprint(**where, ThumbprintList=thumbprints)
        before, now = set(state["clientIdLists"]), set(inputs["clientIdLists"])
        for client in sorted(now - before):
            with reported(f"adding IAM OIDC Provider ({id_}) client ID ({client})", "IAM"):
                iam.add_client_id_to_open_id_connect_provider(**where, ClientID=client)
        for client in sorted(before - now):
            with reported(f"removing IAM OIDC Provider ({id_}) client ID ({client})", "IAM"):
                iam.remove_client_id_from_open_id_connect_provider(**where, ClientID=client)
        had, tags = state.get("tagsAll", {}), self.planned(aws, inputs)["tagsAll"]
        with reported(f"updating tags for IAM OIDC Provider ({id_})", "IAM"):
            if gone := had.keys() - tags.keys():
                iam.untag_open_id_connect_provider(**where, TagKeys=sorted(gone))
            if tags != had and tags:
                iam.tag_open_id_connect_provider(**where, Tags=to_list(tags))

    def delete(self, aws: Aws, id_: str, state: Bag) -> None:
        with reported(f"deleting IAM OIDC Provider ({id_})", "IAM"):
            try:
                aws.client("iam").delete_open_id_connect_provider(OpenIDConnectProviderArn=id_)
            except ClientError as error:
                if code(error) != "NoSuchEntity":
                    raise


def find(aws: Aws, arguments: Bag) -> Bag:
    """aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider; by `arn` or `url`."""
    given = [name for name in ("arn", "url") if name in arguments]
    if not given:
        raise ProviderError('"arn": one of `arn,url` must be specified')
    if len(given) > 1:
        raise ProviderError('"arn": only one of `arn,url` can be specified, but `arn,url` were specified.')
    if "arn" in arguments:
        arn, doing = arguments["arn"], "reading IAM OIDC Provider"
    else:
        doing = f"reading IAM OIDC Provider ({arguments['url']})"
        with reported(doing, "IAM"):
            entries = aws.client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"]
        arns = [entry["Arn"] for entry in entries]
        arn = next((one for one in arns if same_issuer(one.partition("/")[2], arguments["url"])), None)
    with reported(doing, "IAM"):
        found = _get(aws, arn) if arn else None
    if found is None:
        raise ProviderError(f"{doing}: couldn't find resource")
    return {
        "id": arn,
        "arn": arn,
        "clientIdLists": found["ClientIDList"],
        "thumbprintLists": found["ThumbprintList"],
        "url": found["Url"],
        "tags": to_map(found.get("Tags", [])),
    }


def _get(aws: Aws, arn: str) -> Any:
    """None if there is none."""
    try:
        return aws.client("iam").get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    except ClientError as error:
        if code(error) != "NoSuchEntity":
            raise
        return None
