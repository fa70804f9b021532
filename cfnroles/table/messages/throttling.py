"""Rate limits."""

from __future__ import annotations

from cfnroles.table.message import Category, Symptom

_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"

SYMPTOMS = (
    Symptom(
        name="registry-rate-limit",
        words=(
            "toomanyrequests",
            "pull rate limit",
            "increase-rate-limit",
            "429 too many requests",
            "too many requests",
            "data limit exceeded",
        ),
        example="CannotPullContainerError: ref pull has been retried 1 time(s): failed to copy: httpReadSeeker:"
        " failed open:"
        " unexpected status code 429 Too Many Requests: toomanyrequests: You have reached your pull rate limit.",
        category=Category.THROTTLED,
        what="the pull rate limit of the registry was reached",
        sure="Check whether the image is from Docker Hub or ECR Public, without repositoryCredentials",
        remedy="Authenticate the pull with repositoryCredentials, or use a pull through cache in Amazon ECR",
        source="https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html",
        fields=("containerDefinitions[].image",),
    ),
    Symptom(
        name="api-throttled",
        words=(
            "throttlingexception",
            "rate exceeded",
            "requestlimitexceeded",
            "request limit exceeded",
            "rate limit exceeded",
            "too many concurrent attempts",
            "throttlederror",
            "slowdown:",
            "operations are being throttled",
            "(throttling)",
            "handlererrorcode: throttling",
        ),
        example="failed to create Cloudwatch log stream: operation error CloudWatch Logs: CreateLogStream, exceeded"
        " maximum number of"
        " attempts, 3, https response error StatusCode: 400, RequestID: 11111111-2222-3333-4444-555555555555, api error"
        " ThrottlingException: Rate exceeded",
        category=Category.THROTTLED,
        what="AWS throttled the call: too many calls at once",
        sure="In CloudWatch, check the metric CallCount of the call in the namespace AWS/Usage",
        remedy="Start fewer tasks at once, or request a higher quota; Amazon ECS retries",
        source=f"{_GUIDE}/service-event-messages-list.html",
    ),
)
