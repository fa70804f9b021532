"""Volumes that cannot be mounted."""

from __future__ import annotations

from cfnroles.table.message import ANY, CallingRole, Category, PossibleCause, Symptom

_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
_MOUNT = "https://docs.aws.amazon.com/efs/latest/ug/troubleshooting-efs-mounting.html"
_IAM = "https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html"
_EFS = ("volumes[].efsVolumeConfiguration",)
_STAGE = ("efs-volume",)
_SETUP = "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr:"
_GROUPS = (
    "aws efs describe-mount-targets --file-system-id FS; aws efs describe-mount-target-security-groups"
    " --mount-target-id MOUNT_TARGET"
)
_RULE = "Allow the security group of the task on port 2049 in the security group of the mount target"
_DNS = PossibleCause(
    "the file system has no mount target in the task's Availability Zone, or the VPC does not resolve DNS names",
    "aws efs describe-mount-targets --file-system-id FS",
    "Create a mount target in each Availability Zone of the task, and enable enableDnsSupport and"
    " enableDnsHostnames of the VPC",
    category=Category.NETWORK,
)

SYMPTOMS = (
    Symptom(
        name="efs-access-denied",
        words=(
            "access denied by server while mounting",
            "mount.nfs4: access denied",
            "elasticfilesystem:clientmount",
            "efs utils commands" + ANY + "access denied",
        ),
        after=("while mounting ",),
        example=f"{_SETUP} b'mount.nfs4: access denied by server while mounting"
        f" fs-0123456789abcdef0.efs.us-east-1.amazonaws.com:/'",
        category=Category.VOLUME,
        what="the file system or its access point refused the mount",
        sure="aws efs describe-file-system-policy --file-system-id FS",
        remedy="Find out which cause applies before you change the role",
        source=_IAM,
        caller=CallingRole.TASK,
        action="elasticfilesystem:ClientMount",
        fields=_EFS,
        causes=(
            PossibleCause(
                "the policy of the file system does not allow elasticfilesystem:ClientMount to the task role",
                "aws efs describe-file-system-policy --file-system-id FS",
                "Allow it there, and set iam to ENABLED in authorizationConfig",
                category=Category.PERMISSION,
            ),
            PossibleCause(
                "the task role lacks elasticfilesystem:ClientMount on the file system",
                "cfnroles verify SOURCE --live --task-role ROLE",
                "Add what verify reports to the task role",
                lacking=True,
                category=Category.PERMISSION,
            ),
            PossibleCause(
                "rootDirectory is a path that the file system does not have",
                "Mount the root of the file system and list it",
                "Create the directory, or use an access point",
            ),
        ),
    ),
    Symptom(
        name="efs-name-not-resolved",
        words=(
            "failed to import botocore",
            "failed to import necessary dependency botocore",
            'failed to resolve "fs-',
            "failed to resolve 'fs-",
            "failed to resolve fs-",
            "mount target" + ANY + "not found",
            "cannot be resolved",
        ),
        during=_STAGE,
        example=f'{_SETUP} Failed to resolve "fs-0123456789abcdef0.efs.us-east-1.amazonaws.com" - check that your'
        f" file system ID is"
        " correct. ... Failed to import botocore, please install botocore first.",
        category=Category.VOLUME,
        what="the host name of the file system was not resolved; the missing botocore is not the cause",
        sure=_DNS.check,
        remedy=_DNS.remedy,
        source=_MOUNT,
        fields=_EFS,
        causes=(
            _DNS,
            PossibleCause(
                "fileSystemId is wrong or from another Region",
                "aws efs describe-file-systems --file-system-id FS",
                "Correct fileSystemId",
                category=Category.MISSING,
            ),
        ),
    ),
    Symptom(
        name="efs-mount-failed",
        words=(
            "failed to invoke efs utils commands",
            "efs utils command execution",
            "mount.nfs4:",
            "mount attempt",
            "mounting volume failed",
            "mounting '" + ANY + "' failed",
            "failed to mount fs-",
        ),
        example=f"{_SETUP} Mount attempt 1/3 failed due to timeout after 15 sec, wait 0 sec before next attempt.",
        category=Category.VOLUME,
        what="the file system could not be mounted",
        sure=_GROUPS,
        remedy=_RULE,
        source=_MOUNT,
        fields=_EFS,
        causes=(
            PossibleCause("the mount target does not answer on port 2049", _GROUPS, _RULE, category=Category.NETWORK),
            _DNS,
            PossibleCause(
                "the mount target was created moments ago",
                "Start the task again",
                "Wait until the mount target is available",
                category=Category.NETWORK,
            ),
        ),
    ),
    Symptom(
        name="volume-not-there",
        words=(
            "volume detection failed",
            "autoprovision is set to false",
            "no such volume",
            "volume" + ANY + "does not exist and",
        ),
        after=("volume '",),
        example="initialize volume: volume detection failed, volume 'data' does not exist and autoprovision is set to"
        " false",
        category=Category.VOLUME,
        what="the instance does not have the Docker volume, and the task definition does not allow creating it",
        sure="On the instance: docker volume ls",
        remedy="Create the volume, or set autoprovision in dockerVolumeConfiguration",
        source=f"{_GUIDE}/docker-volumes.html",
        fields=("volumes[].dockerVolumeConfiguration",),
    ),
    Symptom(
        name="volume-key",
        words=("idempotentparametermismatch",),
        example='ECS failed to set up the EBS volume. Encountered IdempotentParameterMismatch"; "The client token you'
        ' have provided is associated with a resource that is already deleted."',
        category=Category.VOLUME,
        what="the volume was created and deleted again: its KMS key does not exist or cannot be used",
        sure="aws kms describe-key --key-id KEY --query KeyMetadata.KeyState",
        remedy="Find out which cause applies before you change the role",
        source=f"{_GUIDE}/troubleshoot-ebs-volumes-scenarios.html",
        caller=CallingRole.SERVICE_LINKED,
        fields=("service.volumeConfigurations[].managedEBSVolume.kmsKeyId",),
        causes=(
            PossibleCause(
                "the ARN or alias of the key is not valid",
                "aws kms describe-key --key-id KEY --query KeyMetadata.KeyState",
                "Correct kmsKeyId of the volume",
            ),
            PossibleCause(
                "the policy of the key does not let the infrastructure role use it",
                "aws kms get-key-policy --key-id KEY --policy-name default",
                "Let the infrastructure role use the key in the key policy",
                category=Category.KEY_POLICY,
            ),
        ),
    ),
    Symptom(
        name="volume-not-attached",
        words=(
            "cannotcreatevolumeerror",
            "failed to attach" + ANY + "volume",
            "ebs volume",
            "failed to mount volume",
            "error creating volume",
            "failed to mount local volume",
            "volumedriver.",
            "invalid volume referenced",
            "volume target not available",
            "bind source path does not exist",
            "duplicate mount point",
            "error mounting" + ANY + "rootfs",
            "mount a directory onto a file",
            "failed to chown",
            "fsx",
        ),
        example="CannotCreateVolumeError: error creating volume: driver 'shop-driver' not found",
        category=Category.VOLUME,
        what="a volume of the task could not be created, attached or mounted",
        sure="aws ecs describe-tasks --cluster CLUSTER --tasks TASK --query 'tasks[].attachments'",
        remedy="Compare `volumes` and `mountPoints` in the task definition with the existing volumes",
        source=f"{_GUIDE}/using_data_volumes.html",
        fields=("volumes[]",),
    ),
    Symptom(
        name="volume-name-refused",
        words=("invalid characters for a local volume name",),
        example='CannotCreateContainerError: API error (500): create ./data: "./data" includes invalid characters for a'
        ' local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed',
        category=Category.MALFORMED,
        what="the path of a volume is relative, and Docker reads it as a name, which is not valid",
        sure="aws ecs describe-task-definition --task-definition FAMILY --query taskDefinition.volumes",
        remedy="Write host.sourcePath from the root: /data",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/bind-mounts.html",
        fields=("volumes[].host.sourcePath",),
    ),
)
