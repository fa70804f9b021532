"""Calls without a response."""

from __future__ import annotations

from cfnroles.table.message import ANY, CallingRole, Category, PossibleCause, Symptom

_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
_CONNECT = f"{_GUIDE}/verify-connectivity.html"
_ROUTE = PossibleCause(
    "the subnet of the task has no route to the service: no public IP address, no NAT gateway and no VPC endpoint",
    "aws ec2 describe-route-tables --filters Name=association.subnet-id,Values=SUBNET; aws ec2 describe-vpc-endpoints",
    "Assign the task a public IP address in a public subnet, or add a NAT gateway or a VPC endpoint to the subnet",
)
_GROUP = PossibleCause(
    "a security group or network ACL blocks port 443, from the task or to the VPC endpoint",
    "aws ec2 describe-security-groups --group-ids SECURITY_GROUP",
    "Allow port 443 outbound in the security group of the task and inbound in that of the endpoint",
)
_DNS = PossibleCause(
    "the VPC does not resolve the host name",
    "aws ec2 describe-vpc-attribute --vpc-id VPC --attribute enableDnsSupport",
    "Enable enableDnsSupport and enableDnsHostnames, and the private DNS name of the VPC endpoint",
)

_UNANSWERED = (
    Symptom(
        name="network-names-nothing",
        words=(
            "invalidsubnetid.notfound",
            "invalidgroup.notfound",
            "invalidsecuritygroupid.notfound",
            "invalidsecuritygroup.notfound",
        ),
        example="Unexpected EC2 error while attempting to Create Network Interface with public IP assignment enabled in"
        " subnet 'subnet-0123456789abcdef0': InvalidSubnetID.NotFound",
        category=Category.MISSING,
        what="the subnet or security group that the service names does not exist",
        sure="aws ecs describe-services --cluster CLUSTER --services SERVICE --query 'services[].networkConfiguration'",
        remedy="Correct awsvpcConfiguration in the service or in the call that runs the task",
        source=f"{_GUIDE}/stopped-task-error-codes.html",
        fields=("service.networkConfiguration",),
    ),
    Symptom(
        name="network-interface-refused",
        words=tuple(
            f"network interface{ANY}{code}"
            for code in (
                "unauthorizedoperation",
                "not authorized",
                "accessdenied",
                "explicit deny",
                "tagpolicyviolation",
            )
        ),
        example="Unexpected EC2 error while attempting to Create Network Interface with public IP assignment enabled in"
        " subnet 'subnet-0123456789abcdef0': UnauthorizedOperation",
        category=Category.PERMISSION,
        what="Amazon EC2 denied creating or tagging the network interface of the task: a policy of the organization"
        " denies it, or the service-linked role was changed",
        sure="aws iam get-role --role-name AWSServiceRoleForECS",
        remedy="Create the service-linked role again, or ask the administrator of the organization",
        source=f"{_GUIDE}/using-service-linked-roles.html",
        caller=CallingRole.SERVICE_LINKED,
        action="ec2:CreateNetworkInterface",
    ),
    Symptom(
        name="network-interface-unauthenticated",
        words=("network interface" + ANY + "authfailure",),
        example="Unexpected EC2 error while attempting to Create Network Interface with public IP assignment enabled in"
        " subnet 'subnet-0123456789abcdef0': AuthFailure",
        category=Category.NETWORK,
        what="Amazon EC2 did not create the network interface of the task; this is usually temporary",
        sure="aws iam get-role --role-name AWSServiceRoleForECS",
        remedy="Start the task again",
        source=f"{_GUIDE}/stopped-task-error-codes.html",
        caller=CallingRole.SERVICE_LINKED,
        action="ec2:CreateNetworkInterface",
    ),
    Symptom(
        name="network-interface-not-made",
        words=("attempting to create network interface with public ip assignment",),
        when="not cut",
        example="Unexpected EC2 error while attempting to Create Network Interface with public IP assignment enabled in"
        " subnet 'subnet-0123456789abcdef0'",
        category=Category.CAPACITY,
        what="Amazon EC2 did not create the network interface of the task; AWS's page names a subnet without free"
        " addresses as the cause",
        sure="aws ec2 describe-subnets --subnet-ids SUBNET --query 'Subnets[].[SubnetId,AvailableIpAddressCount]'",
        remedy="Use larger or more subnets, or run fewer tasks there",
        source=f"{_GUIDE}/failed-to-start-error.html",
        caller=CallingRole.SERVICE_LINKED,
        action="ec2:CreateNetworkInterface",
    ),
    Symptom(
        name="network-interface",
        words=(
            "unexpected ec2 error while attempting",
            "network interface provision",
            "failed to configure eni",
            "failed to setup regular eni",
            "network interface associated" + ANY + "deleted",
            "failed to attach" + ANY + "network interface",
            "containernetworkingerror",
            "unable to attach network interface",
            "setup network namespace",
        ),
        example="Timeout waiting for network interface provisioning to complete.",
        category=Category.NETWORK,
        what="the network interface of the task was not created or attached in time",
        sure="aws ec2 describe-subnets --subnet-ids SUBNET; aws iam get-role --role-name AWSServiceRoleForECS",
        remedy="Start the task again; if it fails again, check the subnet, the security group and the service-linked"
        " role",
        source=f"{_GUIDE}/stopped-task-error-codes.html",
        caller=CallingRole.SERVICE_LINKED,
        action="ec2:CreateNetworkInterface",
    ),
    Symptom(
        name="name-not-resolved",
        words=(
            "no such host",
            "could not resolve host",
            "temporary failure in name resolution",
            "server misbehaving",
            "name or service not known",
            "getaddrinfo enotfound",
            "eai_again",
            "failed to lookup address",
            "unknownhostexception",
            "name resolution failed",
        ),
        example="CannotPullContainerError: ref pull has been retried 5 time(s): failed to resolve ref"
        " 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:web: dial tcp: lookup"
        " 123456789012.dkr.ecr.us-east-1.amazonaws.com on 10.0.0.2:53: no such host",
        category=Category.NETWORK,
        what="the host name of the service was not resolved",
        sure=_DNS.check,
        remedy=_DNS.remedy,
        source=_CONNECT,
        causes=(_DNS, _ROUTE),
    ),
    Symptom(
        name="no-answer",
        words=(
            "request canceled while waiting for connection",
            "pull command failed" + ANY + "signal: killed",
            "failed to do request",
            "could not reach any registry endpoint",
            "unable to execute http request",
            "etimedout",
            "econnrefused",
            "econnreset",
            "endpointconnectionerror",
            "connect timed out",
            "connect timeout to ",
            "dispatch failure",
            "websocket: close",
            "websocket: bad handshake",
            "unable to connect to ecs acs",
            "error connecting to acs",
            "error connecting to tcs",
            "unable to connect to endpoint",
            "error sending request",
            "client.timeout exceeded",
            "awaiting headers",
            "context deadline exceeded",
            "i/o timeout",
            "dial tcp" + ANY + "i/o time",
            "tls handshake timeout",
            "tls: handshake failure",
            "connection timed out",
            "connect timeout on endpoint",
            "connecttimeouterror",
            "could not connect to the endpoint",
            "connection reset by peer",
            "connection refused",
            "no route to host",
            "network is unreachable",
            "requesterror: send request failed",
            "handlererrorcode: networkfailure",
            "request send failed",
            "send request failed",
            "statuscode: 0",
            "requestcanceled",
            "request canceled",
            "context canceled",
            "there is a connection issue between the task and",
            "check your task network configuration",
            "check your network configuration",
            "check your network connection between",
            "pull command failed: panic",
            "cannotpullcontainererror: api error",
            "dial tcp",
            "connection closed",
            "unexpected eof",
            '": eof',
            "x509: ",
            "failed to verify certificate",
            "proxyconnect",
            "http response to https client",
        ),
        example="ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval"
        " failed: unable to"
        " retrieve secret from asm: service call has been retried 5 time(s): RequestError: send request failed caused"
        " by: Post"
        ' "https://secretsmanager.us-east-1.amazonaws.com/": dial tcp 52.94.0.1:443: i/o timeout',
        category=Category.NETWORK,
        what="the service did not answer",
        sure=_ROUTE.check,
        remedy=f"{_ROUTE.remedy}. A statement in the role does not help",
        source=_CONNECT,
        causes=(_ROUTE, _GROUP, _DNS),
    ),
)

#: The hosts of ECR layers in timeout messages: only the address, or the image in place of the URL.
LAYER_ADDRESSES = ("16.15.", "16.182.", "52.216.", "52.217.", "52.218.", "52.219.", "3.5.", "54.231.")

_LAYERS = Symptom(
    name="layers-unreachable",
    words=("dial tcp", "i/o timeout", "context deadline exceeded", "request canceled", "connection timed out"),
    during=("layers", "image"),
    when="address of Amazon S3",
    example="CannotPullContainerError: ref pull has been retried 1 time(s): failed to copy: httpReadSeeker: failed"
    " open: failed to do"
    " request: Get 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:web: dial tcp 16.15.0.1:443: i/o timeout",
    category=Category.NETWORK,
    what="Amazon S3, where Amazon ECR stores the layers of images, did not answer; the message names the image instead",
    sure="aws ec2 describe-vpc-endpoints --filters Name=service-name,Values=com.amazonaws.REGION.s3",
    remedy="Add a gateway endpoint com.amazonaws.REGION.s3 to the subnet, or a route to the internet. The endpoints of"
    " Amazon ECR alone are not enough",
    source="https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html",
    caller=CallingRole.EXECUTION,
    action="ecr:GetDownloadUrlForLayer",
    fields=("containerDefinitions[].image",),
)
SYMPTOMS = (_LAYERS, *_UNANSWERED)
