"""aws:lambda/function:Function, eventSourceMapping:EventSourceMapping, permission:Permission and
functionEventInvokeConfig:FunctionEventInvokeConfig.
"""

import json
from pathlib import Path
from typing import Any

from support.pulumi.standin.properties import Property, Source, same_set
from support.pulumi.standin.values import Bag

from .s3_table import REGION, TAGS
from .service import Tags, Thing, given

TF = "terraform-provider-aws internal/service/lambda/"
_FUNCTION = Source(TF + "function.go (6.x)")
_SHA = Source("terraform-provider-aws pull request 45618, 'code_sha256' Optional and Computed")
_MAPPING = Source(TF + "event_source_mapping.go (5.x)")
_PERMISSION = Source(TF + "permission.go (5.x)")
_ASYNCHRONOUS = Source(TF + "function_event_invoke_config.go (5.x)")
_NEWER = Source("pulumi-aws 7, the arguments; not looked up")


def _same_archive(old: Any, new: Any) -> bool:
    """Archives are compared by their hashes."""
    return isinstance(old, dict) and isinstance(new, dict) and old.get("hash") == new.get("hash")


FUNCTION: dict[str, Property] = dict(
    [
        *_FUNCTION.replacing("name", keeps=True),
        *_FUNCTION.replacing("packageType", keeps=True, forwarded=False),
        *REGION.replacing("region"),
        # Lambda says of the code its hash alone.
        *_FUNCTION.updatable("code", local=True, free=True, same=_same_archive),
        *_SHA.updatable("codeSha256", keeps=True),
        *_FUNCTION.updatable("role handler runtime description"),
        *_FUNCTION.updatable("architectures", keeps=True),
        *_FUNCTION.updatable("memorySize", default=128),
        *_FUNCTION.updatable("timeout", default=3),
        *_FUNCTION.updatable("environment"),
        *_FUNCTION.updatable("environment.variables", free=True),
        *_FUNCTION.updatable("vpcConfig"),
        *_FUNCTION.updatable("vpcConfig.securityGroupIds vpcConfig.subnetIds", same=same_set),
        *_FUNCTION.updatable("vpcConfig.vpcId", keeps=True),
        *_FUNCTION.updatable("vpcConfig.ipv6AllowedForDualStack", default=False),
        *_FUNCTION.updatable("reservedConcurrentExecutions", keeps=True, forwarded=False),
        *_FUNCTION.updatable("publish skipDestroy replaceSecurityGroupsOnDestroy", default=False, forwarded=False),
        *_FUNCTION.updatable(
            "codeSigningConfigArn deadLetterConfig ephemeralStorage fileSystemConfig imageConfig imageUri kmsKeyArn"
            " layers loggingConfig replacementSecurityGroupIds s3Bucket s3Key s3ObjectVersion snapStart sourceCodeHash"
            " tracingConfig",
            keeps=True,
            forwarded=False,
        ),
        *_NEWER.updatable(
            "capacityProviderConfig durableConfig publishTo sourceKmsKeyArn tenancyConfig"
            " useResourceTimeoutForPropagation",
            keeps=True,
            forwarded=False,
        ),
        *_FUNCTION.updatable("tags", free=True),
        *TAGS.updatable("tagsAll", free=True),
        *_FUNCTION.computed("arn invokeArn lastModified sourceCodeSize version"),
        *_FUNCTION.computed(
            "qualifiedArn qualifiedInvokeArn responseStreamingInvokeArn signingJobArn signingProfileVersionArn",
            forwarded=False,
        ),
    ]
)

MAPPING: dict[str, Property] = dict(
    [
        *_MAPPING.replacing("eventSourceArn"),
        *REGION.replacing("region"),
        *_MAPPING.updatable("functionName"),
        *_MAPPING.updatable("enabled", default=True),
        *_MAPPING.updatable("batchSize maximumBatchingWindowInSeconds", keeps=True),
        *_MAPPING.updatable("functionResponseTypes", same=same_set),
        *_MAPPING.updatable("scalingConfig scalingConfig.maximumConcurrency"),
        *_MAPPING.updatable(
            "amazonManagedKafkaEventSourceConfig bisectBatchOnFunctionError destinationConfig"
            " documentDbEventSourceConfig filterCriteria kmsKeyArn maximumRecordAgeInSeconds"
            " maximumRetryAttempts metricsConfig parallelizationFactor provisionedPollerConfig queues"
            " selfManagedEventSource selfManagedKafkaEventSourceConfig sourceAccessConfigurations startingPosition"
            " startingPositionTimestamp topics tumblingWindowInSeconds",
            keeps=True,
            forwarded=False,
        ),
        *_NEWER.updatable("useResourceTimeoutForPropagation", keeps=True, forwarded=False),
        *_MAPPING.updatable("tags", free=True, forwarded=False),
        *TAGS.updatable("tagsAll", free=True, keeps=True, forwarded=False),
        *_MAPPING.computed("arn functionArn state uuid"),
        *_MAPPING.computed("lastModified lastProcessingResult stateTransitionReason", forwarded=False),
    ]
)

PERMISSION: dict[str, Property] = dict(
    [
        *_PERMISSION.replacing("action function principal sourceArn"),
        *_PERMISSION.replacing("statementId", keeps=True),
        *REGION.replacing("region"),
        *_PERMISSION.replacing(
            "eventSourceToken functionUrlAuthType principalOrgId qualifier sourceAccount statementIdPrefix",
            keeps=True,
            forwarded=False,
        ),
        *_NEWER.replacing("invokedViaFunctionUrl", keeps=True, forwarded=False),
    ]
)

ASYNCHRONOUS: dict[str, Property] = dict(
    [
        *_ASYNCHRONOUS.replacing("functionName"),
        *REGION.replacing("region"),
        *_ASYNCHRONOUS.updatable("maximumRetryAttempts", default=2),
        *_ASYNCHRONOUS.replacing("qualifier", keeps=True, forwarded=False),
        *_ASYNCHRONOUS.updatable("destinationConfig maximumEventAgeInSeconds", keeps=True, forwarded=False),
    ]
)


def _settings(inputs: Bag) -> Bag:
    network = inputs.get("vpcConfig")
    return given(
        {
            "Role": inputs["role"],
            "Handler": inputs.get("handler"),
            "Runtime": inputs.get("runtime"),
            "Description": inputs.get("description", ""),
            "MemorySize": inputs.get("memorySize", FUNCTION["memorySize"].default),
            "Timeout": inputs.get("timeout", FUNCTION["timeout"].default),
            "Environment": {"Variables": inputs.get("environment", {}).get("variables", {})},
            "VpcConfig": {
                "SubnetIds": (network or {}).get("subnetIds", []),
                "SecurityGroupIds": (network or {}).get("securityGroupIds", []),
            },
        }
    )


def _zip(inputs: Bag) -> bytes:
    return Path(inputs["code"]["path"]).read_bytes()


def _make(client: Any, inputs: Bag, tags: Tags) -> str:
    architectures = given({"Architectures": inputs.get("architectures")})
    name, code = inputs["name"], {"ZipFile": _zip(inputs)}
    client.create_function(FunctionName=name, Code=code, Tags=dict(tags), **_settings(inputs), **architectures)
    return str(name)


def _get(client: Any, id_: str, state: Bag) -> tuple[Bag, Tags]:
    answer = client.get_function(FunctionName=id_)
    found = answer["Configuration"]
    network = found.get("VpcConfig", {})
    region = client.meta.region_name
    return {
        "name": id_,
        "arn": found["FunctionArn"],
        "invokeArn": f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{found['FunctionArn']}/invocations",
        "architectures": found["Architectures"],
        "codeSha256": found["CodeSha256"],
        "sourceCodeSize": found["CodeSize"],
        "lastModified": found["LastModified"],
        "version": found["Version"],
        "role": found["Role"],
        "handler": found["Handler"],
        "runtime": found["Runtime"],
        "description": found["Description"] or None,
        "memorySize": found["MemorySize"],
        "timeout": found["Timeout"],
        "environment": {"variables": found["Environment"]["Variables"]} if found.get("Environment") else None,
        "vpcConfig": {
            "subnetIds": network["SubnetIds"],
            "securityGroupIds": network["SecurityGroupIds"],
            "vpcId": network.get("VpcId"),
        }
        if network.get("SubnetIds")
        else None,
    }, answer.get("Tags", {})


def _change(client: Any, id_: str, state: Bag, inputs: Bag) -> None:
    wanted = inputs.get("codeSha256", state["codeSha256"])
    if not _same_archive(state.get("code"), inputs["code"]) or wanted != state["codeSha256"]:
        client.update_function_code(FunctionName=id_, ZipFile=_zip(inputs))
    client.update_function_configuration(FunctionName=id_, **_settings(inputs))


def _retag(client: Any, state: Bag, tags: Tags, gone: set[str]) -> None:
    if gone:
        client.untag_resource(Resource=state["arn"], TagKeys=sorted(gone))
    if tags:
        client.tag_resource(Resource=state["arn"], Tags=dict(tags))


def _mapping(inputs: Bag) -> Bag:
    scaling = inputs.get("scalingConfig", {}).get("maximumConcurrency")
    return given(
        {
            "FunctionName": inputs["functionName"],
            "Enabled": inputs.get("enabled", True),
            "BatchSize": inputs.get("batchSize"),
            "MaximumBatchingWindowInSeconds": inputs.get("maximumBatchingWindowInSeconds"),
            "FunctionResponseTypes": inputs.get("functionResponseTypes", []),
            "ScalingConfig": {"MaximumConcurrency": scaling} if scaling else None,
        }
    )


def _map(client: Any, inputs: Bag, _: Tags) -> str:
    made = client.create_event_source_mapping(EventSourceArn=inputs["eventSourceArn"], **_mapping(inputs))
    return str(made["UUID"])


def _get_mapping(client: Any, id_: str, state: Bag) -> tuple[Bag, Tags]:
    found = client.get_event_source_mapping(UUID=id_)
    scaling = found.get("ScalingConfig")
    return {
        "arn": found.get("EventSourceMappingArn"),
        "uuid": id_,
        "functionArn": found["FunctionArn"],
        "functionName": _as_named(state.get("functionName"), found["FunctionArn"]),
        "eventSourceArn": found["EventSourceArn"],
        "batchSize": found["BatchSize"],
        "enabled": found["State"] == "Enabled",
        "state": found["State"],
        "maximumBatchingWindowInSeconds": found.get("MaximumBatchingWindowInSeconds"),
        "functionResponseTypes": found.get("FunctionResponseTypes") or None,
        "scalingConfig": {"maximumConcurrency": scaling["MaximumConcurrency"]} if scaling else None,
    }, {}


def _as_named(before: Any, arn: str) -> str:
    """The program may write the name for the ARN."""
    return str(before) if arn.endswith(f":{before}") else arn


def _permit(client: Any, inputs: Bag, _: Tags) -> str:
    client.add_permission(
        FunctionName=inputs["function"],
        StatementId=inputs["statementId"],
        Action=inputs["action"],
        Principal=inputs["principal"],
        SourceArn=inputs["sourceArn"],
    )
    return str(inputs["statementId"])


def _get_permission(client: Any, id_: str, state: Bag) -> tuple[Bag, Tags] | None:
    policy = json.loads(client.get_policy(FunctionName=state["function"])["Policy"])
    for one in policy["Statement"]:
        if one["Sid"] == id_:
            (source,) = one["Condition"]["ArnLike"].values()
            known = {"statementId": id_, "action": one["Action"], "principal": one["Principal"]["Service"]}
            return {**known, "sourceArn": source, "function": state["function"]}, {}
    return None


def _limit(client: Any, inputs: Bag, _: Tags) -> str:
    attempts = inputs.get("maximumRetryAttempts", ASYNCHRONOUS["maximumRetryAttempts"].default)
    client.put_function_event_invoke_config(FunctionName=inputs["functionName"], MaximumRetryAttempts=attempts)
    return str(inputs["functionName"])


def _change_limit(client: Any, id_: str, _: Bag, inputs: Bag) -> None:
    # Of two, moto tells the first.
    client.delete_function_event_invoke_config(FunctionName=id_)
    _limit(client, inputs, {})


def _get_limit(client: Any, id_: str, state: Bag) -> tuple[Bag, Tags]:
    found = client.get_function_event_invoke_config(FunctionName=id_)
    return {"functionName": id_, "maximumRetryAttempts": found["MaximumRetryAttempts"]}, {}


def _never(*_: Any) -> None:
    raise AssertionError("every change replaces")


THINGS = (
    Thing(
        token="aws:lambda/function:Function",
        service="lambda",
        what="Lambda Function",
        table=FUNCTION,
        make=_make,
        get=_get,
        change=_change,
        remove=lambda client, id_, _: client.delete_function(FunctionName=id_),
        retag=_retag,
        named_by="name",
    ),
    Thing(
        token="aws:lambda/eventSourceMapping:EventSourceMapping",
        service="lambda",
        what="Lambda Event Source Mapping",
        table=MAPPING,
        make=_map,
        get=_get_mapping,
        change=lambda client, id_, _, inputs: client.update_event_source_mapping(UUID=id_, **_mapping(inputs)),
        remove=lambda client, id_, _: client.delete_event_source_mapping(UUID=id_),
    ),
    Thing(
        token="aws:lambda/permission:Permission",
        service="lambda",
        what="Lambda Permission",
        table=PERMISSION,
        make=_permit,
        get=_get_permission,
        change=_never,
        remove=lambda client, id_, state: client.remove_permission(FunctionName=state["function"], StatementId=id_),
    ),
    Thing(
        token="aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
        service="lambda",
        what="Lambda Function Event Invoke Config",
        table=ASYNCHRONOUS,
        make=_limit,
        get=_get_limit,
        change=_change_limit,
        remove=lambda client, id_, _: client.delete_function_event_invoke_config(FunctionName=id_),
    ),
)
