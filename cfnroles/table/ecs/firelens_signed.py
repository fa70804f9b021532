"""HTTP destinations of FireLens, for which the router signs requests with the task role."""

from __future__ import annotations

import re

from awacs import aoss, aps, es, osis

from cfnroles.need import Standing
from cfnroles.symbols import Attribute, Expression
from cfnroles.table.ecs.firelens_destinations import row
from cfnroles.table.ecs.firelens_options import SIGNED, plugin, required, signed_service, writes_to
from cfnroles.table.feature import Found, Grant, Unnamed
from cfnroles.text import ANYTHING, EMPTY, Text

_FLUENT_BIT = "https://docs.fluentbit.io/manual/data-pipeline/outputs"
# Patterns are compiled when they are used: few task definitions have such a destination, and every command loads them.
_SUFFIX = r"\.amazonaws\.com(?:\.cn)?.*"
_DOMAIN_HOST = rf"(?:https?://)?(?:search|vpc)-(.+)-[a-z0-9]{{26}}\.([a-z0-9-]+)\.es{_SUFFIX}"
_DOMAINS = frozenset(
    {
        *("AWS::OpenSearchService::Domain", "AWS::Elasticsearch::Domain"),
        *("aws_opensearch_domain", "aws_elasticsearch_domain"),
    }
)
_ENDPOINT = re.compile(r"\.DomainEndpoint$|^(\[.*\]\.?)?endpoint$")
#: https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-manage.html
_COLLECTION_HOST = rf"(?:https?://)?([a-z0-9]{{3,40}})\.([a-z0-9-]+)\.aoss{_SUFFIX}"
#: https://docs.aws.amazon.com/opensearch-service/latest/developerguide/configure-client-fluentbit.html
_PIPELINE_HOST = rf"(?:https?://)?([a-z][a-z0-9-]+)-[a-z0-9]{{26}}\.([a-z0-9-]+)\.osis{_SUFFIX}"
#: https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-APIReference-RemoteWrite.html
_PROMETHEUS_HOST = rf"(?:https?://)?aps-workspaces\.([a-z0-9-]+){_SUFFIX}"
_WORKSPACE = r"/workspaces/(ws-[a-z0-9-]+)/.*"


def searches_compatibly(found: Found) -> bool:
    """All HTTP methods of AWS's page are requested."""
    return found.facts.compat and writes_to("es")(found)


def domain(found: Found) -> Text:
    """The contents of an OpenSearch domain, from its endpoint."""
    if made := _own_domain(required(found, "host", "url", "endpoint")):
        return found.facts.arn("es", Text("domain/", made, "/", ANYTHING)).text
    name, region = _named(found, _DOMAIN_HOST, "OpenSearch domain", "search-DOMAIN-ID.REGION.es.amazonaws.com")
    return found.facts.arn("es", Text(f"domain/{name}/", ANYTHING), Text(region)).text


def collection(found: Found) -> Text:
    """The serverless collection, whose ID is the beginning of its endpoint."""
    name, region = _named(found, _COLLECTION_HOST, "serverless collection", "ID.REGION.aoss.amazonaws.com")
    return found.facts.arn("aoss", Text(f"collection/{name}"), Text(region)).text


def pipeline(found: Found) -> Text:
    """The pipeline of OpenSearch Ingestion, from its endpoint."""
    name, region = _named(found, _PIPELINE_HOST, "pipeline", "PIPELINE-ID.REGION.osis.amazonaws.com")
    return found.facts.arn("osis", Text(f"pipeline/{name}"), Text(region)).text


def workspace(found: Found) -> Text:
    """The workspace of Amazon Managed Service for Prometheus, from host and path."""
    host, path = required(found, "host"), required(found, "uri")
    region, name = re.fullmatch(_PROMETHEUS_HOST, host.plain), re.fullmatch(_WORKSPACE, path.plain)
    if region is None or name is None:
        raise Unnamed(
            f"{host.written}{path.written} does not say its workspace",
            "Write aps-workspaces.REGION.amazonaws.com and /workspaces/ID/api/v1/remote_write",
        )
    return found.facts.arn("aps", Text(f"workspace/{name[1]}"), Text(region[1])).text


def unknown_resource(found: Found) -> None:
    """Raise Unnamed: the options do not name the resource of the requests."""
    service = signed_service(found)
    of = f" of the service {service}" if service else ""
    raise Unnamed(
        f"the plugin {plugin(found)} uses permissions{of} of the task role, and the options do not name the resource",
        "Add the permissions that it needs to the task role",
    )


def _own_domain(host: Text) -> Text:
    """Return the name in the endpoint of a domain of the same source; empty for any other host."""
    for at, part in enumerate(host.parts):
        if isinstance(part, Attribute | Expression) and part.type in _DOMAINS and _ENDPOINT.search(_attribute(part)):
            return Text(*host.parts[:at]).partition("search-")[2].removesuffix("-")
    return EMPTY


def _attribute(symbol: Attribute | Expression) -> str:
    return symbol.attribute if isinstance(symbol, Expression) else symbol.name


def _named(found: Found, host: str, noun: str, form: str) -> tuple[str, str]:
    given = required(found, "host", "url", "endpoint")
    match = re.fullmatch(host, given.plain)
    if match is None:
        raise Unnamed(f"the host {given.written} does not say its {noun}", f"Write its own endpoint, {form}")
    return match[1], match[2]


_SEARCH = {"Name": "opensearch", "Host": "search-shop-abcdefghijklmnopqrstuvwxyz.us-east-1.es.amazonaws.com"}
_OPENSEARCH = {**_SEARCH, "AWS_Auth": "On"}

FEATURES = (
    row(
        "firelens-opensearch",
        "the FireLens container posts log records to an OpenSearch domain, signed because AWS_Auth is on",
        _OPENSEARCH,
        source=f"{_FLUENT_BIT}/opensearch",
        standing=Standing.DOCUMENTED,
        grants=(Grant(es.ESHttpPost, on=domain, sid="RouteLogsToOpenSearch"),),
        when=writes_to("es"),
    ),
    row(
        "firelens-opensearch-methods",
        "required by --compat: AWS's pages allow every HTTP method; the plugin uses only POST",
        _OPENSEARCH,
        standing=Standing.DOCUMENTED,
        grants=tuple(
            Grant(action, on=domain, sid="ReadOpenSearch")
            for action in (es.ESHttpDelete, es.ESHttpGet, es.ESHttpHead, es.ESHttpPatch, es.ESHttpPut)
        ),
        when=searches_compatibly,
    ),
    row(
        "firelens-opensearch-serverless",
        "the FireLens container posts log records to a serverless collection, if the collection's data access"
        " policy also allows it",
        {
            **_OPENSEARCH,
            "Host": "07tjusf2h91cunochc.us-east-1.aoss.amazonaws.com",
            "AWS_Service_Name": "aoss",
        },
        source="https://docs.aws.amazon.com/opensearch-service/latest/developerguide/security-iam-serverless.html",
        standing=Standing.DERIVED,
        grants=(Grant(aoss.APIAccessAll, on=collection, sid="RouteLogsToOpenSearch"),),
        when=writes_to("aoss"),
    ),
    row(
        "firelens-opensearch-ingestion",
        "the FireLens container posts log records to a pipeline of OpenSearch Ingestion, signed because aws_auth is on",
        {
            "Name": "http",
            "Host": "shop-logs-abcdefghijklmnopqrstuvwxyz.us-east-1.osis.amazonaws.com",
            "aws_auth": "true",
            "aws_service": "osis",
        },
        source="https://docs.aws.amazon.com/opensearch-service/latest/developerguide/configure-client-fluentbit.html",
        standing=Standing.DERIVED,
        grants=(Grant(osis.Ingest, on=pipeline, sid="RouteLogsToOpenSearchIngestion"),),
        when=writes_to("osis"),
    ),
    row(
        "firelens-prometheus",
        "the FireLens container writes metrics to Amazon Managed Service for Prometheus, signed because aws_auth is on",
        {
            "Name": "prometheus_remote_write",
            "Host": "aps-workspaces.us-east-1.amazonaws.com",
            "uri": "/workspaces/ws-1234abcd-12ab-34cd-56ef-1234567890ab/api/v1/remote_write",
            "aws_auth": "On",
        },
        source=f"{_FLUENT_BIT}/prometheus-remote-write",
        standing=Standing.DERIVED,
        grants=(Grant(aps.RemoteWrite, on=workspace, sid="WriteMetrics"),),
        when=writes_to("aps"),
    ),
    row(
        "firelens-signed",
        "the FireLens container calls an AWS service with the task role",
        {"Name": "opentelemetry", "Host": "logs.us-east-1.amazonaws.com", "aws_auth": "On"},
        source=f"{_FLUENT_BIT}/opentelemetry",
        standing=Standing.DOCUMENTED,
        hidden=unknown_resource,
        when=writes_to(SIGNED),
    ),
)
