"""Registries that reject a pull, or fail."""

from __future__ import annotations

from cfnroles.table.message import ANY, CallingRole, Category, PossibleCause, Symptom

_PULL = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html"
_ECR = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html"
_IMAGE = ("containerDefinitions[].image",)
_PULLING = ("image", "layers")
_HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
_PERMISSION = PossibleCause(
    "the execution role lacks ecr:BatchGetImage or ecr:GetDownloadUrlForLayer on the repository",
    "cfnroles verify SOURCE --live --role ROLE",
    "Add what verify reports to the execution role",
    lacking=True,
    category=Category.PERMISSION,
)
_REPOSITORY_POLICY = PossibleCause(
    "the policy of a repository in another account does not name the role's account",
    "aws ecr get-repository-policy --repository-name REPOSITORY --registry-id ACCOUNT",
    "Allow the pull in the policy of the repository",
    category=Category.PERMISSION,
)
EXPIRED = PossibleCause(
    "the image no longer exists: ECS keeps the digest that a tag had when the service was deployed, and a lifecycle"
    " policy may have deleted that image",
    "aws ecr describe-images --repository-name REPOSITORY --image-ids imageDigest=DIGEST",
    "Push the image again, or deploy again so that the tag is resolved again",
    category=Category.IMAGE,
)
_NO_REPOSITORY = PossibleCause(
    "the repository does not exist in that account and Region",
    "aws ecr describe-repositories --repository-names REPOSITORY --registry-id ACCOUNT",
    "Create the repository and push the image, or correct the image field",
    category=Category.IMAGE,
)
_ENDPOINT = PossibleCause(
    "the policy of the VPC endpoint of Amazon S3 does not allow the bucket with the layers of ECR",
    "aws ec2 describe-vpc-endpoints --query 'VpcEndpoints[].[ServiceName,PolicyDocument]'",
    "Allow s3:GetObject on arn:aws:s3:::prod-REGION-starport-layer-bucket/* in the policy of the endpoint",
    category=Category.PERMISSION,
)

SYMPTOMS = (
    Symptom(
        name="image-pull-denied-by-ecr",
        words=("pull access denied for " + ANY + ".dkr.ecr.",),
        during=_PULLING,
        example=f"CannotPullContainerError: Error response from daemon: pull access denied for {_HOST}/shop, repository"
        " does not exist or may require 'docker login'",
        category=Category.PERMISSION,
        what="Amazon ECR denied the pull: the role lacks permission, or the repository does not exist",
        sure="cfnroles verify SOURCE --live --role ROLE",
        remedy="Find out which cause applies before you change the role",
        source=_PULL,
        action="ecr:BatchGetImage",
        fields=_IMAGE,
        causes=(_PERMISSION, _REPOSITORY_POLICY, _NO_REPOSITORY),
    ),
    Symptom(
        name="image-role-refused",
        words=("check that the role has the permission",),
        example="CannotPullContainerError: The task can't pull the image. Check that the role has the permissions to"
        " pull images from the registry.",
        category=Category.PERMISSION,
        what="Amazon ECR refused to let the role pull the image",
        sure="cfnroles verify SOURCE --live --role ROLE",
        remedy="Find out which cause applies before you change the role",
        source=_PULL,
        caller=CallingRole.EXECUTION,
        action="ecr:BatchGetImage",
        fields=_IMAGE,
        causes=(_PERMISSION, _REPOSITORY_POLICY),
    ),
    Symptom(
        name="image-pull-denied",
        words=(
            "requested access to the resource is denied",
            "failed to fetch anonymous token",
            "pull access denied",
            "may require 'docker login'",
            "unauthorized: authentication required",
            "authentication required",
            "insufficient_scope",
            "incorrect username or password",
            "denied: permission_denied",
            "denied: denied",
            "manifests/" + ANY + ": unauthorized",
        ),
        during=_PULLING,
        example="CannotPullContainerError: Error response from daemon: pull access denied for shop/web, repository"
        " does not exist"
        " or may require 'docker login': denied: requested access to the resource is denied",
        category=Category.IMAGE,
        what="the registry has no public image of that name: it does not exist, or it is private",
        sure="docker logout && docker pull IMAGE",
        remedy="Correct the image field, or set repositoryCredentials if the image is private",
        source=_PULL,
        fields=_IMAGE,
        causes=(
            PossibleCause(
                "the name of the repository is wrong", "docker logout && docker pull IMAGE", "Correct the image field"
            ),
            PossibleCause(
                "the repository is private, and the container has no repositoryCredentials",
                "Check repositoryCredentials of the container",
                "Set repositoryCredentials; cfnroles then lets the execution role read them",
                category=Category.PERMISSION,
            ),
        ),
    ),
    Symptom(
        name="image-unauthenticated",
        words=(
            "401 unauthorized",
            "no basic auth credentials",
            "authorization token has expired",
            "ecr credentials: not found",
        ),
        during=(*_PULLING, ""),
        example=f"CannotPullContainerError: inspect image has been retried 1 time(s): failed to resolve ref"
        f" {_HOST}/shop:web:"
        " unexpected status code 401 Unauthorized",
        category=Category.PERMISSION,
        what="the request to the registry had no valid token",
        sure="cfnroles verify SOURCE --live --role ROLE",
        remedy="Find out which cause applies before you change the role",
        source=_PULL,
        caller=CallingRole.EXECUTION,
        action="ecr:GetAuthorizationToken",
        fields=_IMAGE,
        causes=(
            PossibleCause(
                "the task has no execution role, or one that lacks ecr:GetAuthorizationToken",
                "cfnroles verify SOURCE --live --role ROLE",
                "Give the task an execution role with ecr:GetAuthorizationToken on *",
            ),
            PossibleCause(
                "the image is in a registry other than Amazon ECR, and its credentials are wrong or missing",
                "docker logout && docker pull IMAGE",
                "Correct repositoryCredentials",
            ),
        ),
    ),
    Symptom(
        name="layers-forbidden",
        words=("403 forbidden", "status code 403", "status code: 403", "accessdenied"),
        during=_PULLING,
        when="address of Amazon S3",
        example="CannotPullContainerError: ref pull has been retried 1 time(s): failed to copy: httpReadSeeker: failed"
        " open: unexpected status code https://prod-us-east-1-starport-layer-bucket.s3.us-east-1.amazonaws.com/1111:"
        " 403 Forbidden",
        category=Category.PERMISSION,
        what="Amazon S3, where Amazon ECR stores the layers of images, denied the download after Amazon ECR allowed"
        " the pull",
        sure=_ENDPOINT.check,
        remedy=f"{_ENDPOINT.remedy}. A statement in the role does not help",
        source=_ECR,
        action="ecr:GetDownloadUrlForLayer",
        fields=_IMAGE,
    ),
    Symptom(
        name="digest-forbidden",
        words=("@sha256:" + ANY + "403 forbidden", "/sha256:" + ANY + "403 forbidden"),
        during=_PULLING,
        example=f"CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref"
        f" {_HOST}/shop@sha256:"
        "1111: unexpected status from HEAD request: 403 Forbidden",
        category=Category.IMAGE,
        what="the registry refused a digest; Amazon ECR gives the same response for a deleted image and for one that"
        " the role cannot pull",
        sure=EXPIRED.check,
        remedy="Find out which cause applies before you change the role",
        source=_PULL,
        action="ecr:BatchGetImage",
        fields=_IMAGE,
        causes=(EXPIRED, _PERMISSION, _REPOSITORY_POLICY, _ENDPOINT),
    ),
    Symptom(
        name="image-forbidden",
        words=("403 forbidden", "status code 403", "status code: 403", "unexpected status code" + ANY + "403"),
        during=_PULLING,
        example=f"CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref"
        f" {_HOST}/shop:web: pulling from host {_HOST} failed with status code [manifests web]: 403 Forbidden",
        category=Category.PERMISSION,
        what="the registry refused the pull without saying why",
        sure="cfnroles verify SOURCE --live --role ROLE",
        remedy="Find out which cause applies before you change the role",
        source=_PULL,
        action="ecr:BatchGetImage",
        fields=_IMAGE,
        causes=(_PERMISSION, _REPOSITORY_POLICY, EXPIRED, _ENDPOINT),
    ),
    Symptom(
        name="registry-failed",
        words=("500 internal server error", "502 bad gateway", "503 service unavailable", "504 gateway time"),
        during=_PULLING,
        example="CannotPullContainerError: ref pull has been retried 1 time(s): failed to copy: httpReadSeeker:"
        " failed open:"
        " unexpected status code https://registry-1.docker.io/v2/shop/web/manifests/sha256:1111: 502 Bad Gateway",
        category=Category.RUNTIME,
        what="the registry had an internal failure",
        sure="From the same subnet: docker pull IMAGE",
        remedy="Start the task again; keep a copy of the image in Amazon ECR",
        source=_PULL,
        fields=_IMAGE,
    ),
)
