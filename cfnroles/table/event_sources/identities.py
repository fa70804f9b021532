"""What CloudTrail records of roles and sessions."""

from __future__ import annotations

from cfnroles.table.event_source import EventSource, NamedResource

SOURCES = (
    EventSource(
        service="sts",
        hosts=("sts.amazonaws.com",),
        page="https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html",
        model="sts",
        # Permissions in addition to that of the operation.
        never=("GetServiceBearerToken", "SetContext", "SetSourceIdentity", "TagGetWebIdentityToken", "TagSession"),
        unbound=("GetCallerIdentity", "GetSessionToken"),
        named=(NamedResource("roleArn", ("{value}",)),),
        # The global endpoint is there, and so is all of IAM.
        # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html
        regions=("us-east-1",),
    ),
    EventSource(
        service="iam",
        hosts=("iam.amazonaws.com",),
        page="https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html",
        model="iam",
        # "PassRole is not an API call": https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
        never=(
            "DeleteCloudFrontPublicKey",
            "FinalizeSmsMfaRegistration",
            "GetAccountEmailAddress",
            "GetAccountName",
            "GetCloudFrontPublicKey",
            "ListCloudFrontPublicKeys",
            "ListSTSRegionalEndpointsStatus",
            "PassRole",
            "RequestSmsMfaRegistration",
            "SetSTSRegionalEndpointStatus",
            "UpdateAccountEmailAddress",
            "UpdateAccountName",
            "UpdateCloudFrontPublicKey",
            "UploadCloudFrontPublicKey",
        ),
        regions=("us-east-1",),
    ),
)
