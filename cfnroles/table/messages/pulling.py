"""Images that cannot be pulled or run, although the registry responds."""

from __future__ import annotations

from cfnroles.table.message import ANY, CallingRole, Category, PossibleCause, Symptom
from cfnroles.table.messages.registries import EXPIRED

_PULL = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html"
_IMAGE = ("containerDefinitions[].image",)
_LIST = "aws ecr describe-images --repository-name REPOSITORY --image-ids imageTag=TAG"
_PULLING = ("image", "layers")
_HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"

SYMPTOMS = (
    Symptom(
        name="image-host-mistyped",
        words=("lookup ", "https://", "http://", "failed to resolve ref", ".dkr.ecr."),
        when="mistyped registry",
        example=f'CannotPullContainerError: Error response from daemon: Get "https://{_HOST}s/v2/": dial tcp: lookup'
        f" {_HOST}s"
        " on 10.0.0.2:53: no such host",
        category=Category.MALFORMED,
        what="the host in the image field is not an Amazon ECR registry: the name is mistyped",
        sure="Compare the host in the image field with ACCOUNT.dkr.ecr.REGION.amazonaws.com",
        remedy="Correct the image field. The network is not the cause",
        source=_PULL,
        fields=_IMAGE,
    ),
    Symptom(
        name="image-disk-full",
        words=("no space left on device", "thin pool has", "disk quota exceeded", "not enough space on the disk"),
        example="CannotPullContainerError: failed to register layer: write /usr/lib/libshop.so: no space left on"
        " device",
        category=Category.LIMIT,
        what="the disk is full",
        sure="df -h on the instance; on Fargate compare the size of the images with ephemeralStorage",
        remedy="Increase ephemeralStorage or the volume, or free space on the instance",
        source=_PULL,
        fields=("ephemeralStorage",),
    ),
    Symptom(
        name="image-configuration",
        words=("error pulling image conf",),
        when="nothing follows",
        example="CannotPullContainerError: Error response from daemon: error pulling image configuration",
        category=Category.UNDETERMINED,
        what="the registry answered, but the rest of the image could not be read",
        sure="On the instance: docker pull IMAGE",
        remedy="Find out which cause applies",
        source=_PULL,
        fields=_IMAGE,
        causes=(
            PossibleCause(
                "the registry limits the rate of pulls",
                "On the instance: docker pull IMAGE",
                "Authenticate the pull, or use a pull through cache in Amazon ECR",
                category=Category.THROTTLED,
            ),
            PossibleCause(
                "the task cannot reach Amazon S3, where Amazon ECR stores the layers of images",
                "aws ec2 describe-vpc-endpoints --filters Name=service-name,Values=com.amazonaws.REGION.s3",
                "Add a gateway endpoint com.amazonaws.REGION.s3 to the subnet, or a route to the internet",
                category=Category.NETWORK,
            ),
        ),
    ),
    Symptom(
        name="image-broken",
        words=(
            "invalid tar header",
            "mismatched image rootfs",
            "number of layers and diffids",
            "unsupported media type",
            "unexpected commit digest",
            "failed size validation",
            "error processing tar file",
        ),
        during=_PULLING,
        example="CannotPullContainerError: ref pull has been retried 1 time(s): failed to extract layer sha256:1111:"
        " archive/tar: invalid tar header: unknown",
        category=Category.IMAGE,
        what="the image could not be unpacked: it is damaged or has an unknown format",
        sure="On another machine: docker pull IMAGE",
        remedy="Build and push the image again",
        source=_PULL,
        fields=_IMAGE,
    ),
    Symptom(
        name="image-reference-malformed",
        words=(
            "invalid reference format",
            "could not parse reference",
            "failed to parse image reference",
            "failed to normalize image reference",
            "name must be lowercase",
        ),
        example="CannotPullContainerError: invalid reference format",
        category=Category.MALFORMED,
        what="the image field is not a reference to an image",
        sure="docker pull IMAGE",
        remedy="Write REPOSITORY:TAG or REPOSITORY@sha256:DIGEST, without spaces and with the repository in lowercase",
        source=_PULL,
        fields=_IMAGE,
    ),
    Symptom(
        name="image-platform",
        words=(
            "no matching manifest for",
            "does not contain descriptor matching platform",
            "find a descriptor for platform",
            "image manifest does not contain descriptor",
            "image operating system" + ANY + "cannot be used",
            "no match for platform in manifest",
            "does not match the host operating system",
            "image is incompatible with a",
            "platform (" + ANY + "does not match the",
        ),
        example="CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref"
        " shop:web:"
        " image Manifest does not contain descriptor matching platform 'linux/amd64'",
        category=Category.ARCHITECTURE,
        what="the image was not built for the operating system or CPU architecture of the task",
        sure="docker manifest inspect IMAGE",
        remedy="Build the image for the task's platform, or change runtimePlatform of the task definition",
        source=_PULL,
        fields=_IMAGE,
    ),
    Symptom(
        name="image-wrong-architecture",
        words=("exec format error",),
        example="exec /usr/local/bin/docker-entrypoint.sh: exec format error",
        category=Category.ARCHITECTURE,
        what="the program was built for another CPU architecture, or is a script without an interpreter line (#!)",
        sure="docker image inspect IMAGE --format '{{.Os}}/{{.Architecture}}'",
        remedy="Build the image for the task's platform, or change runtimePlatform of the task definition",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-arm64.html",
        fields=_IMAGE,
    ),
    Symptom(
        name="image-missing-user",
        words=(
            "/etc/passwd: no such file",
            "unable to find user",
            "no users found",
            "no matching entries in passwd file",
        ),
        example="CannotStartContainerError: ResourceInitializationError: unable to create new container: mount"
        " callback failed"
        " on /tmp/containerd-mount1: open /tmp/containerd-mount1/etc/passwd: no such file or directory",
        category=Category.IMAGE,
        what="the image does not have the user that the container runs as, or has no /etc/passwd",
        sure="docker run --rm --entrypoint cat IMAGE /etc/passwd",
        remedy="Correct `user`, or build the image with that user and for the platform that the task runs on",
        source=_PULL,
        fields=("containerDefinitions[].user", *_IMAGE),
    ),
    Symptom(
        name="image-not-found",
        words=(
            "manifest unknown",
            "cannotpull" + ANY + "not found",
            "check whether the image exists",
            "manifest for" + ANY + "not found",
            "tag " + ANY + "not found in repository",
            "check that the image exists",
            "image not found",
            "error: image " + ANY + "not found",
            "requested image not found",
            "name unknown",
            "repository" + ANY + "not found",
            "repository" + ANY + "does not exist in the registry",
            "failed to resolve ref" + ANY + "not found",
            "no such image",
            "imagenotfoundexception",
            "repositorynotfoundexception",
            "404 not found",
            "api error (404)",
            "failed open: content at " + ANY + "not found",
        ),
        during=("image", "layers", ""),
        example=f"CannotPullContainerError: pull image manifest has been retried 7 time(s): failed to resolve ref"
        f" {_HOST}/shop:v9:"
        f" {_HOST}/shop:v9: not found",
        category=Category.IMAGE,
        what="the registry has no such image: the repository, the tag or the digest does not exist",
        sure=_LIST,
        remedy="Push the image, or correct the image field",
        source=_PULL,
        caller=CallingRole.EXECUTION,
        action="ecr:BatchGetImage",
        fields=_IMAGE,
        causes=(
            PossibleCause(
                "the tag was never pushed, or the image field names another repository, account or Region",
                _LIST,
                "Push the image, or correct the image field",
            ),
            EXPIRED,
        ),
    ),
)

#: After the rows that contain the reason: only an unresolved reference.
LAST = (
    Symptom(
        name="image-not-resolved",
        words=("failed to resolve ref",),
        during=("image",),
        when="no reference follows",
        example="CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref",
        category=Category.IMAGE,
        what="the reference to the image was not resolved; AWS's page names a missing image or tag as the cause",
        sure=_LIST,
        remedy="Find out which cause applies",
        source=_PULL,
        fields=_IMAGE,
        causes=(
            PossibleCause(
                "the tag was never pushed, or the image field names another repository, account or Region",
                _LIST,
                "Push the image, or correct the image field",
            ),
            EXPIRED,
            PossibleCause(
                "the task cannot reach the registry",
                "aws ec2 describe-route-tables --filters Name=association.subnet-id,Values=SUBNET; aws ec2"
                " describe-vpc-endpoints",
                "Add a NAT gateway or VPC endpoints for Amazon ECR and Amazon S3 to the subnet",
                category=Category.NETWORK,
            ),
        ),
    ),
)
