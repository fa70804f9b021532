"""The fields of a task definition that cost no permission, each with the reason."""

from __future__ import annotations

from collections.abc import Mapping

_SETTING = "a setting of the task or container that ECS applies by itself"
_NAME = "a name by which other fields of the task definition refer to something"
_PROCESS = "what the process in the container is started with; nothing is fetched for it"

#: Field -> why it costs nothing. A field stands for everything below it.
#: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html mentions no permission for
#: any of them.
FIELDLESS: Mapping[str, str] = {
    "family": _NAME,
    "taskRoleArn": "names a role; the task stack puts the role that is built here in its place",
    "executionRoleArn": "names a role; the task stack puts the role that is built here in its place",
    "networkMode": _SETTING,
    "placementConstraints": "decides on which container instance the task runs",
    "requiresCompatibilities": "decides where the task may run; some features look at it",
    "cpu": _SETTING,
    "memory": _SETTING,
    "tags": "tags of the task definition itself; who registers it needs ecs:TagResource",
    "pidMode": _SETTING,
    "ipcMode": _SETTING,
    "inferenceAccelerators": _SETTING,
    "ephemeralStorage": "storage of Fargate itself; a key of one's own admits Fargate in its key policy",
    "runtimePlatform": _SETTING,
    "proxyConfiguration.containerName": _NAME,
    "proxyConfiguration.properties": "ports and users of the proxy",
    "volumes[].name": _NAME,
    "volumes[].host": "a directory of the container instance",
    "volumes[].dockerVolumeConfiguration": "Docker makes the volume, with the permissions of the container instance",
    "volumes[].efsVolumeConfiguration.rootDirectory": "a path in the file system, which no permission names",
    "volumes[].efsVolumeConfiguration.transitEncryption": "a setting of the mount, without which there is no IAM",
    "volumes[].efsVolumeConfiguration.transitEncryptionPort": _SETTING,
    "volumes[].efsVolumeConfiguration.authorizationConfig": "read by the rows about the file system",
    "volumes[].s3filesVolumeConfiguration.rootDirectory": "a path in the file system",
    "volumes[].s3filesVolumeConfiguration.transitEncryptionPort": _SETTING,
    "volumes[].s3filesVolumeConfiguration.accessPointArn": "read by the rows about the file system",
    "volumes[].fsxWindowsFileServerVolumeConfiguration.fileSystemId": "looked up with fsx:DescribeFileSystems, which"
    " the rows about the credentials grant; these always stand beside it",
    "volumes[].fsxWindowsFileServerVolumeConfiguration.rootDirectory": "a path in the file system",
    "volumes[].fsxWindowsFileServerVolumeConfiguration.authorizationConfig.domain": "the name of the Active Directory",
    "containerDefinitions[].name": _NAME,
    "containerDefinitions[].cpu": _SETTING,
    "containerDefinitions[].memory": _SETTING,
    "containerDefinitions[].memoryReservation": _SETTING,
    "containerDefinitions[].links": _SETTING,
    "containerDefinitions[].portMappings": _SETTING,
    "containerDefinitions[].essential": _SETTING,
    "containerDefinitions[].restartPolicy": _SETTING,
    "containerDefinitions[].entryPoint": _PROCESS,
    "containerDefinitions[].command": _PROCESS,
    "containerDefinitions[].environment[].name": _PROCESS,
    "containerDefinitions[].environmentFiles[].type": "always s3",
    "containerDefinitions[].mountPoints": "read by the rows about volumes: a read-only mount needs no write permission",
    "containerDefinitions[].volumesFrom": "volumes of another container of the same task",
    "containerDefinitions[].linuxParameters": _SETTING,
    "containerDefinitions[].secrets[].name": _PROCESS,
    "containerDefinitions[].dependsOn": _SETTING,
    "containerDefinitions[].startTimeout": _SETTING,
    "containerDefinitions[].stopTimeout": _SETTING,
    "containerDefinitions[].versionConsistency": "ECS finds the image's digest with the permissions of the pull",
    "containerDefinitions[].hostname": _SETTING,
    "containerDefinitions[].user": _SETTING,
    "containerDefinitions[].workingDirectory": _SETTING,
    "containerDefinitions[].disableNetworking": _SETTING,
    "containerDefinitions[].privileged": "a permission on the container instance, not in IAM",
    "containerDefinitions[].readonlyRootFilesystem": _SETTING,
    "containerDefinitions[].dnsServers": _SETTING,
    "containerDefinitions[].dnsSearchDomains": _SETTING,
    "containerDefinitions[].extraHosts": _SETTING,
    "containerDefinitions[].interactive": _SETTING,
    "containerDefinitions[].pseudoTerminal": _SETTING,
    "containerDefinitions[].dockerLabels": _SETTING,
    "containerDefinitions[].ulimits": _SETTING,
    "containerDefinitions[].logConfiguration.secretOptions[].name": "the name of the option that the secret becomes",
    "containerDefinitions[].healthCheck": "a command in the container",
    "containerDefinitions[].systemControls": _SETTING,
    "containerDefinitions[].resourceRequirements": "GPUs and inference accelerators of the container instance",
    "containerDefinitions[].firelensConfiguration.type": "which log router it is, which changes no permission",
}
