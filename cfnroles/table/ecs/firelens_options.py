"""The options of the driver awsfirelens: the plugin of the router and its destination."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from cfnroles.table.choices import may_be
from cfnroles.table.feature import Found, Unnamed
from cfnroles.table.references import remedy
from cfnroles.text import EMPTY, Text, text_of

#: Plugins of Fluent Bit and Fluentd that always write to an AWS service.
_PLUGINS = {
    "firehose": "firehose",
    "kinesis_firehose": "firehose",
    "kinesis": "kinesis",
    "kinesis_streams": "kinesis",
    "kinesis_streams_aggregated": "kinesis",
    "cloudwatch": "cloudwatch",
    "cloudwatch_logs": "cloudwatch",
    "s3": "s3",
}
#: Plugins that sign their requests with `aws_auth`, and the default service of the signature.
#: https://docs.fluentbit.io/manual/data-pipeline/outputs
_SIGNING = {
    "es": "es",
    "elasticsearch": "es",
    "opensearch": "es",
    "http": "",
    "opentelemetry": "logs",
    "prometheus_remote_write": "aps",
}
#: Services whose resource follows from the options.
_NAMED = frozenset({"es", "aoss", "aps", "osis"})
#: The resource of a signed request that the options do not name.
SIGNED = "signed"
_OF_AWS = re.compile(
    r"aws|amazon|cloudwatch|kinesis|firehose|dynamodb|timestream|(?<![a-z0-9])(s3|sqs|sns)(?![a-z0-9])"
)


def options_of(found: Found) -> Mapping[str, Text]:
    """The options by name in lowercase: Fluent Bit ignores case."""
    if not isinstance(found.value, Mapping):
        return {}
    return {
        str(key).lower(): text_of(value) if isinstance(value, str) else Text(str(value))
        for key, value in found.value.items()
    }


def option(found: Found, *names: str) -> Text:
    """The first option of these names with a value, or an empty string."""
    options = options_of(found)
    return next((options[name] for name in names if options.get(name)), EMPTY)


def required(found: Found, *names: str) -> Text:
    """The option of one of these names. Raises Unnamed if it is missing, or if the router generates it."""
    value = option(found, *names)
    if not value:
        raise Unnamed(f"the options have no {names[0]}", f"Add {names[0]} to the options of the log driver")
    if is_made_at_run_time(value):
        raise Unnamed(
            f"{names[0]} {value.written} is generated at run time",
            "Write a fixed name, or add the permissions that it needs to the task role",
        )
    return value


def is_on(found: Found, *names: str) -> bool:
    """Return whether an option is true, in any spelling of the router."""
    given = option(found, *names)
    if given.unknown:
        raise Unnamed(f"cannot see whether {names[0]} is on: it is {given.written}", remedy(given.unknown[0]))
    return given.lower() in ("on", "true", "yes")


def is_made_at_run_time(text: Text) -> bool:
    """Return whether the text is a template of the router: `$(x)`, `${x}`, `$x['y']` or `#(x)`."""
    return re.search(r"\$[({\w]|#\(", text.shape()) is not None


def fixed_beginning(text: Text) -> Text:
    """Return the text before the first template of the router."""
    for sign in "$%#":
        text = text.partition(sign)[0]
    return text


def plugin(found: Found) -> str:
    """The router's plugin in lowercase; empty for another driver, or without a plugin option.

    Raises Unnamed for an unknown plugin. An unknown driver is awsfirelens, if it has this option.
    """
    configuration = found.workload.at(found.path[:-1])
    driver = configuration.get("logDriver") if isinstance(configuration, Mapping) else ""
    if not may_be(driver, "awsfirelens"):
        return ""
    named = option(found, "name", "@type")
    if named.unknown or is_made_at_run_time(named):
        how = remedy(named.unknown[0]) if named.unknown else "Write its name"
        raise Unnamed(f"the plugin {named.written} is unknown, and may write to AWS with the task role", how)
    return named.lower()


def role_arn(found: Found) -> Text:
    """The role that the router assumes, or an empty string."""
    return option(found, "role_arn", "aws_role_arn")


def signed_service(found: Found) -> str:
    """The service in the signature of requests, by its code."""
    return option(found, "aws_service", "aws_service_name").lower() or _SIGNING.get(plugin(found), "")


def destination(found: Found) -> str:
    """The AWS destination of the router; `SIGNED` if no option names it; empty outside of AWS."""
    name = plugin(found)
    if not name:
        return ""
    if name in _PLUGINS:
        return _PLUGINS[name]
    if name in _SIGNING:
        signs = is_on(found, "aws_auth") or bool(role_arn(found))
        return (signed_service(found) if signed_service(found) in _NAMED else SIGNED) if signs else ""
    options = options_of(found).items()
    asks = any(key.startswith("aws") and value.lower() not in ("", "off", "false") for key, value in options)
    return SIGNED if asks or role_arn(found) or _OF_AWS.search(name) else ""


def writes_to(wanted: str) -> Callable[[Found], bool]:
    """The router writes to ``wanted`` with the task role itself."""

    def writes(found: Found) -> bool:
        return destination(found) == wanted and not role_arn(found)

    return writes
