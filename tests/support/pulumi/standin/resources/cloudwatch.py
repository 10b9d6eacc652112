"""aws:cloudwatch/logGroup:LogGroup, eventRule:EventRule, eventTarget:EventTarget and metricAlarm:MetricAlarm."""

from typing import Any

from support.pulumi.standin.properties import Property, Source, equal_json, same_set
from support.pulumi.standin.values import Bag

from .s3_table import REGION, TAGS
from .service import Tags, Thing, given
from .tags import to_list, to_map

_LOGS = Source("terraform-provider-aws internal/service/logs/group.go (5.x)")
_RULE = Source("terraform-provider-aws internal/service/events/rule.go (5.x)")
_TARGET = Source("terraform-provider-aws internal/service/events/target.go (5.x)")
_ALARM = Source("terraform-provider-aws internal/service/cloudwatch/metric_alarm.go (5.x)")
_NEWER = Source("pulumi-aws 7, the arguments; not looked up")

LOG_GROUP: dict[str, Property] = dict(
    [
        *_LOGS.replacing("name namePrefix", keeps=True),
        *_LOGS.replacing("logGroupClass", keeps=True, forwarded=False),
        *REGION.replacing("region"),
        *_LOGS.updatable("retentionInDays", default=0),
        *_LOGS.updatable("kmsKeyId", forwarded=False),
        *_LOGS.updatable("skipDestroy", default=False, local=True),
        *_NEWER.updatable("deletionProtectionEnabled", keeps=True, forwarded=False),
        *_LOGS.updatable("tags", free=True),
        *TAGS.updatable("tagsAll", free=True),
        *_LOGS.computed("arn"),
    ]
)

EVENT_RULE: dict[str, Property] = dict(
    [
        *_RULE.replacing("name namePrefix", keeps=True),
        *_RULE.replacing("eventBusName", default="default", forwarded=False),
        *REGION.replacing("region"),
        *_RULE.updatable("description scheduleExpression"),
        *_RULE.updatable("eventPattern", same=equal_json),
        *_RULE.updatable("state", default="ENABLED"),
        *_RULE.updatable("isEnabled roleArn", keeps=True, forwarded=False),
        *_RULE.updatable("forceDestroy", default=False, local=True),
        *_RULE.updatable("tags", free=True),
        *TAGS.updatable("tagsAll", free=True),
        *_RULE.computed("arn"),
    ]
)

EVENT_TARGET: dict[str, Property] = dict(
    [
        *_TARGET.replacing("rule"),
        *_TARGET.replacing("targetId", keeps=True),
        *_TARGET.replacing("eventBusName", default="default", forwarded=False),
        *REGION.replacing("region"),
        *_TARGET.updatable("arn"),
        *_TARGET.updatable("input", same=equal_json),
        *_TARGET.updatable("forceDestroy", default=False, local=True),
        *_TARGET.updatable(
            "appsyncTarget batchTarget deadLetterConfig ecsTarget httpTarget inputPath inputTransformer kinesisTarget"
            " redshiftTarget retryPolicy roleArn runCommandTargets sagemakerPipelineTarget sqsTarget",
            keeps=True,
            forwarded=False,
        ),
    ]
)

METRIC_ALARM: dict[str, Property] = dict(
    [
        *_ALARM.replacing("name", keeps=True),
        *REGION.replacing("region"),
        *_ALARM.updatable("actionsEnabled", default=True),
        *_ALARM.updatable("alarmActions", same=same_set),
        *_ALARM.updatable("dimensions", free=True),
        *_ALARM.updatable("alarmDescription comparisonOperator evaluationPeriods metricName namespace period"),
        *_ALARM.updatable("statistic threshold"),
        *_ALARM.updatable("treatMissingData", default="missing"),
        *_ALARM.updatable(
            "datapointsToAlarm evaluateLowSampleCountPercentiles extendedStatistic insufficientDataActions"
            " metricQueries okActions thresholdMetricId unit",
            keeps=True,
            forwarded=False,
        ),
        *_NEWER.updatable(
            "evaluationCriteria evaluationInterval evaluationWindow warmUpConfiguration", keeps=True, forwarded=False
        ),
        *_ALARM.updatable("tags", free=True),
        *TAGS.updatable("tagsAll", free=True),
        *_ALARM.computed("arn"),
    ]
)


def _make_log(logs: Any, inputs: Bag, tags: Tags) -> str:
    logs.create_log_group(logGroupName=inputs["name"], **({"tags": dict(tags)} if tags else {}))
    _keep_log(logs, inputs["name"], {}, inputs)
    return str(inputs["name"])


def _keep_log(logs: Any, id_: str, _: Bag, inputs: Bag) -> None:
    if days := inputs.get("retentionInDays"):
        logs.put_retention_policy(logGroupName=id_, retentionInDays=days)
    else:
        logs.delete_retention_policy(logGroupName=id_)


def _get_log(logs: Any, id_: str, _: Bag) -> tuple[Bag, Tags] | None:
    for one in logs.describe_log_groups(logGroupNamePrefix=id_)["logGroups"]:
        if one["logGroupName"] == id_:
            # TrimLogGroupARNWildcardSuffix
            arn = one["arn"].removesuffix(":*")
            tags = logs.list_tags_for_resource(resourceArn=arn)["tags"]
            return {"name": id_, "arn": arn, "retentionInDays": one.get("retentionInDays", 0)}, tags
    return None


def _retag_log(logs: Any, state: Bag, tags: Tags, gone: set[str]) -> None:
    if gone:
        logs.untag_resource(resourceArn=state["arn"], tagKeys=sorted(gone))
    if tags:
        logs.tag_resource(resourceArn=state["arn"], tags=dict(tags))


def _rule(inputs: Bag) -> Bag:
    arguments = {
        "EventPattern": inputs.get("eventPattern"),
        "ScheduleExpression": inputs.get("scheduleExpression"),
        "State": inputs.get("state", EVENT_RULE["state"].default),
        "Description": inputs.get("description"),
    }
    return given(arguments)


def _make_rule(events: Any, inputs: Bag, tags: Tags) -> str:
    events.put_rule(Name=inputs["name"], **_rule(inputs), **({"Tags": to_list(tags)} if tags else {}))
    return str(inputs["name"])


def _get_rule(events: Any, id_: str, state: Bag) -> tuple[Bag, Tags]:
    found = events.describe_rule(Name=id_)
    pattern = found.get("EventPattern")
    known = {
        "name": id_,
        "arn": found["Arn"],
        "description": found.get("Description"),
        "scheduleExpression": found.get("ScheduleExpression"),
        "eventPattern": state.get("eventPattern") if equal_json(state.get("eventPattern"), pattern) else pattern,
        "state": found["State"],
        "eventBusName": found["EventBusName"],
    }
    return known, to_map(events.list_tags_for_resource(ResourceARN=found["Arn"])["Tags"])


def _retag_by_arn(client: Any, state: Bag, tags: Tags, gone: set[str]) -> None:
    if gone:
        client.untag_resource(ResourceARN=state["arn"], TagKeys=sorted(gone))
    if tags:
        client.tag_resource(ResourceARN=state["arn"], Tags=to_list(tags))


def _put_target(events: Any, inputs: Bag, _: Tags | None = None) -> str:
    target = given({"Id": inputs["targetId"], "Arn": inputs["arn"], "Input": inputs.get("input")})
    events.put_targets(Rule=inputs["rule"], Targets=[target])
    return f"{inputs['rule']}-{inputs['targetId']}"


def _get_target(events: Any, _: str, state: Bag) -> tuple[Bag, Tags] | None:
    for one in events.list_targets_by_rule(Rule=state["rule"])["Targets"]:
        if one["Id"] == state["targetId"]:
            known = {"rule": state["rule"], "targetId": one["Id"], "arn": one["Arn"], "input": one.get("Input")}
            return {**known, "eventBusName": "default"}, {}
    return None


def _put_alarm(cloudwatch: Any, inputs: Bag, tags: Tags | None = None) -> str:
    cloudwatch.put_metric_alarm(
        **given(
            {
                "AlarmName": inputs["name"],
                "AlarmDescription": inputs.get("alarmDescription"),
                "ActionsEnabled": inputs.get("actionsEnabled", True),
                "AlarmActions": inputs.get("alarmActions", []),
                "ComparisonOperator": inputs["comparisonOperator"],
                "EvaluationPeriods": inputs["evaluationPeriods"],
                "MetricName": inputs.get("metricName"),
                "Namespace": inputs.get("namespace"),
                "Period": inputs.get("period"),
                "Statistic": inputs.get("statistic"),
                "Threshold": inputs.get("threshold"),
                "TreatMissingData": inputs.get("treatMissingData", METRIC_ALARM["treatMissingData"].default),
                "Dimensions": [{"Name": name, "Value": value} for name, value in inputs.get("dimensions", {}).items()],
                "Tags": to_list(tags or {}) or None,
            }
        )
    )
    return str(inputs["name"])


def _get_alarm(cloudwatch: Any, id_: str, _: Bag) -> tuple[Bag, Tags] | None:
    for one in cloudwatch.describe_alarms(AlarmNames=[id_])["MetricAlarms"]:
        known = {
            "name": id_,
            "arn": one["AlarmArn"],
            "alarmDescription": one.get("AlarmDescription"),
            "actionsEnabled": one["ActionsEnabled"],
            "alarmActions": one["AlarmActions"] or None,
            "comparisonOperator": one["ComparisonOperator"],
            "evaluationPeriods": one["EvaluationPeriods"],
            "metricName": one["MetricName"],
            "namespace": one["Namespace"],
            "period": one["Period"],
            "statistic": one["Statistic"],
            "threshold": one["Threshold"],
            "treatMissingData": one["TreatMissingData"],
            "dimensions": {each["Name"]: each["Value"] for each in one["Dimensions"]},
        }
        return known, to_map(cloudwatch.list_tags_for_resource(ResourceARN=one["AlarmArn"])["Tags"])
    return None


THINGS = (
    Thing(
        token="aws:cloudwatch/logGroup:LogGroup",
        service="logs",
        what="CloudWatch Logs Log Group",
        table=LOG_GROUP,
        make=_make_log,
        get=_get_log,
        change=_keep_log,
        remove=lambda logs, id_, _: logs.delete_log_group(logGroupName=id_),
        retag=_retag_log,
        longest=512,
        named_by="name",
    ),
    Thing(
        token="aws:cloudwatch/eventRule:EventRule",
        service="events",
        what="EventBridge Rule",
        table=EVENT_RULE,
        make=_make_rule,
        get=_get_rule,
        change=lambda events, id_, _, inputs: events.put_rule(Name=id_, **_rule(inputs)) and None,
        remove=lambda events, id_, _: events.delete_rule(Name=id_),
        retag=_retag_by_arn,
        named_by="name",
    ),
    Thing(
        token="aws:cloudwatch/eventTarget:EventTarget",
        service="events",
        what="EventBridge Target",
        table=EVENT_TARGET,
        make=_put_target,
        get=_get_target,
        change=lambda events, _id, _state, inputs: _put_target(events, inputs) and None,
        remove=lambda events, _, state: events.remove_targets(Rule=state["rule"], Ids=[state["targetId"]]),
    ),
    Thing(
        token="aws:cloudwatch/metricAlarm:MetricAlarm",
        service="cloudwatch",
        what="CloudWatch Metric Alarm",
        table=METRIC_ALARM,
        make=_put_alarm,
        get=_get_alarm,
        change=lambda cloudwatch, _id, _state, inputs: _put_alarm(cloudwatch, inputs) and None,
        remove=lambda cloudwatch, id_, _: cloudwatch.delete_alarms(AlarmNames=[id_]),
        retag=_retag_by_arn,
        longest=255,
        named_by="name",
    ),
)
