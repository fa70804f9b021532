"""The fields that need no permission, each with the reason, and fields that replace others.

The reason for a structure covers everything in it, except roles, keys, secrets and other resources: these have their
own reason or row.
"""

from __future__ import annotations

from collections.abc import Mapping

_SETTING = "a setting of the task or container that ECS applies by itself"
_NAME = "a name by which other fields of the task definition refer to something"
_BY_ECS = "ECS does it with its service-linked role"
_NAMED_ROLE = "names a role, which may be the infrastructure role that cfnroles builds"
_OF_CONTROLLER = "with EXTERNAL, your own controller deploys"
_PROCESS = "an input of the process in the container; ECS fetches nothing for it"
_BUCKET_POLICY = "the policy of the bucket lets Elastic Load Balancing write its logs"
_SHARED = "gateway.configuration.hostSharedAlb"
_LAUNCHED = "capacityProvider.managedInstancesProvider.instanceLaunchTemplate"

#: Field -> why it needs no permission. A field covers everything in it.
#: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html mentions no permission for
#: any of them.
FIELDLESS: Mapping[str, str] = {
    "family": _NAME,
    "taskRoleArn": "names a role; the task stack replaces it with the role that cfnroles builds",
    "executionRoleArn": "names a role; the task stack replaces it with the role that cfnroles builds",
    "networkMode": _SETTING,
    "placementConstraints": "decides on which container instance the task runs",
    "requiresCompatibilities": "decides where the task may run; some features look at it",
    "cpu": _SETTING,
    "memory": _SETTING,
    "tags": "tags of the task definition itself; the caller that registers it needs ecs:TagResource",
    "pidMode": _SETTING,
    "ipcMode": _SETTING,
    "inferenceAccelerators": _SETTING,
    "ephemeralStorage": "storage of Fargate; the policy of a customer managed key must allow Fargate",
    "runtimePlatform": _SETTING,
    "trustedExecutionConfiguration": "how the task is isolated from others",
    "trustedExecutionConfiguration.attestationPolicy": "the policy itself, which the agent enforces; a key requires"
    " the attestation in its key policy, not in a role",
    "proxyConfiguration.containerName": _NAME,
    "proxyConfiguration.properties": "ports and users of the proxy",
    "volumes[].name": _NAME,
    "volumes[].host": "a directory of the container instance",
    "volumes[].logDriverVolumeConfiguration": "log files of the container instance, which a daemon reads",
    "volumes[].dockerVolumeConfiguration": "Docker creates the volume with the permissions of the container instance",
    "volumes[].efsVolumeConfiguration.rootDirectory": "a path in the file system, which no permission names",
    "volumes[].efsVolumeConfiguration.transitEncryption": "a setting of the mount that IAM authorization requires",
    "volumes[].efsVolumeConfiguration.transitEncryptionPort": _SETTING,
    "volumes[].efsVolumeConfiguration.authorizationConfig": "read by the rows about the file system",
    "volumes[].efsVolumeConfiguration.authorizationConfig.accessPointId": "read by the rows about the file system",
    "volumes[].s3filesVolumeConfiguration.rootDirectory": "a path in the file system",
    "volumes[].s3filesVolumeConfiguration.transitEncryptionPort": _SETTING,
    "volumes[].s3filesVolumeConfiguration.accessPointArn": "read by the rows about the file system",
    "volumes[].fsxWindowsFileServerVolumeConfiguration.fileSystemId": "looked up with fsx:DescribeFileSystems,"
    " which the rows about the credentials grant; a volume always has credentials",
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
    "containerDefinitions[].firelensConfiguration.type": "the type of log router, which changes no permission",
}

#: The same for settings next to a task definition: the members of CreateService, UpdateService and CreateCluster.
#: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles-for-clusters.html lists what
#: ECS does with its own role.
SETTINGS: Mapping[str, str] = {
    "service.cluster": _NAME,
    "service.service": _NAME,
    "service.serviceName": _NAME,
    "service.taskDefinition": _NAME,
    "service.availabilityZoneRebalancing": _SETTING,
    "service.loadBalancers[].loadBalancerName": _BY_ECS,
    "service.loadBalancers[].containerName": _NAME,
    "service.loadBalancers[].containerPort": _SETTING,
    "service.loadBalancers[].advancedConfiguration.roleArn": _NAMED_ROLE,
    "service.serviceRegistries": _BY_ECS,
    "service.serviceRegistries[].registryArn": _BY_ECS,
    "service.desiredCount": _SETTING,
    "service.clientToken": _NAME,
    "service.forceNewDeployment": _SETTING,
    "service.launchType": "decides where the task may run; some features look at it",
    "service.capacityProviderStrategy": "decides where the task may run",
    "service.platformVersion": _SETTING,
    "service.deploymentConfiguration.deploymentCircuitBreaker": _BY_ECS,
    "service.deploymentConfiguration.maximumPercent": _SETTING,
    "service.deploymentConfiguration.minimumHealthyPercent": _SETTING,
    "service.deploymentConfiguration.alarms": _BY_ECS,
    "service.deploymentConfiguration.strategy": "for its changes to load balancers and VPC Lattice, see the rows"
    " about these",
    "service.deploymentConfiguration.bakeTimeInMinutes": _SETTING,
    "service.deploymentConfiguration.lifecycleHooks[].targetType": "a hook without a function pauses the deployment",
    "service.deploymentConfiguration.lifecycleHooks[].roleArn": "names a role, which may be the lifecycle hook role"
    " that cfnroles builds",
    "service.deploymentConfiguration.lifecycleHooks[].lifecycleStages": _SETTING,
    "service.deploymentConfiguration.lifecycleHooks[].timeoutConfiguration": _SETTING,
    "service.deploymentConfiguration.lifecycleHooks[].hookDetails": "the input of the function",
    "service.deploymentConfiguration.linearConfiguration": _SETTING,
    "service.deploymentConfiguration.canaryConfiguration": _SETTING,
    "service.deploymentConfiguration.earlySuccessCriteria": _SETTING,
    "service.placementConstraints": _SETTING,
    "service.placementStrategy": _SETTING,
    "service.networkConfiguration": _BY_ECS,
    "service.healthCheckGracePeriodSeconds": _SETTING,
    "service.schedulingStrategy": _SETTING,
    "service.deploymentController": "CODE_DEPLOY deploys with its own role",
    "service.tags": "tags of the service itself; the caller that creates it needs ecs:TagResource",
    "service.enableECSManagedTags": _SETTING,
    "service.propagateTags": _SETTING,
    "service.gatewayConnectors": "the gateway has its own infrastructure role",
    "service.serviceConnectConfiguration.enabled": _SETTING,
    "service.serviceConnectConfiguration.namespace": _BY_ECS,
    "service.serviceConnectConfiguration.containerConfigurations": _SETTING,
    "service.serviceConnectConfiguration.accessLogConfiguration": "access logs go to the log of the proxy",
    "service.serviceConnectConfiguration.logConfiguration.secretOptions[].name": _NAME,
    "service.serviceConnectConfiguration.services[].portName": _NAME,
    "service.serviceConnectConfiguration.services[].discoveryName": _NAME,
    "service.serviceConnectConfiguration.services[].clientAliases": _SETTING,
    "service.serviceConnectConfiguration.services[].ingressPortOverride": _SETTING,
    "service.serviceConnectConfiguration.services[].timeout": _SETTING,
    "service.serviceConnectConfiguration.services[].tls.roleArn": _NAMED_ROLE,
    "service.volumeConfigurations[].name": _NAME,
    "service.volumeConfigurations[].managedEBSVolume.encrypted": "without a customer managed key, the volume uses"
    " an AWS managed key",
    "service.volumeConfigurations[].managedEBSVolume.volumeType": _SETTING,
    "service.volumeConfigurations[].managedEBSVolume.sizeInGiB": _SETTING,
    "service.volumeConfigurations[].managedEBSVolume.volumeInitializationRate": _SETTING,
    "service.volumeConfigurations[].managedEBSVolume.iops": _SETTING,
    "service.volumeConfigurations[].managedEBSVolume.throughput": _SETTING,
    "service.volumeConfigurations[].managedEBSVolume.tagSpecifications": "ECS adds them to its own tags when it"
    " creates the volume",
    "service.volumeConfigurations[].managedEBSVolume.roleArn": _NAMED_ROLE,
    "service.volumeConfigurations[].managedEBSVolume.filesystemType": _SETTING,
    "service.vpcLatticeConfigurations[].roleArn": _NAMED_ROLE,
    "service.vpcLatticeConfigurations[].portName": _NAME,
    "service.monitoring": _SETTING,
    "cluster.cluster": _NAME,
    "cluster.clusterName": _NAME,
    "cluster.capacityProviders": "a capacity provider has its own roles",
    "cluster.defaultCapacityProviderStrategy": "decides where the task may run",
    "cluster.serviceConnectDefaults": _BY_ECS,
    "cluster.settings": _SETTING,
    "cluster.tags": "tags of the cluster itself",
    "cluster.configuration.executeCommandConfiguration.logging": "other members say where sessions are logged",
    "cluster.configuration.executeCommandConfiguration.logConfiguration.cloudWatchEncryptionEnabled": _SETTING,
    "cluster.configuration.executeCommandConfiguration.logConfiguration.s3EncryptionEnabled": _SETTING,
    "cluster.configuration.executeCommandConfiguration.logConfiguration.s3KeyPrefix": "read with the bucket",
    "cluster.configuration.managedStorageConfiguration.fargateEphemeralStorageKmsKeyId": "the policy of the key"
    " must allow Fargate; no role needs a permission",
}

#: The same for all other input of ECS.
ELSEWHERE: Mapping[str, str] = {
    "runTask.cluster": _NAME,
    "runTask.taskDefinition": _NAME,
    "runTask.group": _NAME,
    "runTask.referenceId": _NAME,
    "runTask.startedBy": _NAME,
    "runTask.clientToken": _NAME,
    "runTask.count": _SETTING,
    "runTask.containerInstances": "decides on which container instances the task runs",
    "runTask.capacityProviderStrategy": "decides where the task may run",
    "runTask.placementConstraints": "decides where the task may run",
    "runTask.placementStrategy": "decides where the task may run",
    "runTask.platformVersion": _SETTING,
    "runTask.networkConfiguration": _BY_ECS,
    "runTask.tags": "tags of the task itself; the caller that runs it needs ecs:TagResource",
    "runTask.enableECSManagedTags": _SETTING,
    "runTask.propagateTags": _SETTING,
    "runTask.overrides.inferenceAcceleratorOverrides": _SETTING,
    "runTask.overrides.containerOverrides[].name": _NAME,
    "runTask.volumeConfigurations[].managedEBSVolume.terminationPolicy": "the role that creates the volume also"
    " deletes it",
    "taskSet.service": _NAME,
    "taskSet.cluster": _NAME,
    "taskSet.taskSet": _NAME,
    "taskSet.externalId": _NAME,
    "taskSet.taskDefinition": _NAME,
    "taskSet.clientToken": _NAME,
    "taskSet.networkConfiguration": _BY_ECS,
    "taskSet.loadBalancers": _BY_ECS,
    "taskSet.loadBalancers[].targetGroupArn": _BY_ECS,
    "taskSet.loadBalancers[].advancedConfiguration.alternateTargetGroupArn": _OF_CONTROLLER,
    "taskSet.loadBalancers[].advancedConfiguration.productionListenerRule": _OF_CONTROLLER,
    "taskSet.loadBalancers[].advancedConfiguration.roleArn": _OF_CONTROLLER,
    "taskSet.loadBalancers[].advancedConfiguration.testListenerRule": _OF_CONTROLLER,
    "taskSet.serviceRegistries": _BY_ECS,
    "taskSet.serviceRegistries[].registryArn": _BY_ECS,
    "taskSet.launchType": "decides where the task may run",
    "taskSet.capacityProviderStrategy": "decides where the task may run",
    "taskSet.platformVersion": _SETTING,
    "taskSet.scale": _SETTING,
    "taskSet.tags": "tags of the task set itself; the caller that creates it needs ecs:TagResource",
    "capacityProvider.name": _NAME,
    "capacityProvider.cluster": _NAME,
    "capacityProvider.autoScalingGroupProvider": _BY_ECS,
    "capacityProvider.autoScalingGroupProvider.autoScalingGroupArn": _BY_ECS,
    **dict.fromkeys(
        (
            f"{_LAUNCHED}.{member}"
            for member in (
                "capacityReservations.reservationPreference",
                "fipsEnabled",
                "instanceMetadataTagsPropagation",
                "instanceRequirements",
                "localStorageConfiguration",
                "monitoring",
                "nitroEnclavesEnabled",
                "storageConfiguration",
            )
        ),
        "the kind of instance, which changes no permission of these roles",
    ),
    "capacityProvider.managedInstancesProvider.propagateTags": _SETTING,
    "capacityProvider.managedInstancesProvider.infrastructureOptimization": _SETTING,
    "capacityProvider.managedInstancesProvider.autoRepairConfiguration": _SETTING,
    "capacityProvider.tags": "tags of the capacity provider itself; the caller that creates it needs ecs:TagResource",
    "daemon.daemonName": _NAME,
    "daemon.daemonArn": _NAME,
    "daemon.clusterArn": _NAME,
    "daemon.daemonTaskDefinitionArn": _NAME,
    "daemon.capacityProviderArns": "a capacity provider has its own roles",
    "daemon.deploymentConfiguration": _BY_ECS,
    "daemon.tags": "tags of the daemon itself; the caller that creates it needs ecs:TagResource",
    "daemon.propagateTags": _SETTING,
    "daemon.enableECSManagedTags": _SETTING,
    "daemon.clientToken": _NAME,
    "daemon.critical": _SETTING,
    "expressGatewayService.serviceName": _NAME,
    "expressGatewayService.serviceArn": _NAME,
    "expressGatewayService.cluster": _NAME,
    "expressGatewayService.healthCheckPath": _SETTING,
    "expressGatewayService.primaryContainer.containerPort": _SETTING,
    "expressGatewayService.networkConfiguration.subnets": "decides where the tasks and their load balancer are",
    "expressGatewayService.cpuArchitecture": _SETTING,
    "expressGatewayService.scalingTarget": "the limits of scaling; scaling itself has a row",
    "expressGatewayService.primaryContainer.awsLogsConfiguration.logGroup": "read as the option awslogs-group of"
    " the container, which has its own rows",
    "expressGatewayService.primaryContainer.awsLogsConfiguration.logStreamPrefix": "read as the option"
    " awslogs-stream-prefix of the container, with its log group",
    "expressGatewayService.tags": "tags of the service itself; the caller that creates it needs ecs:TagResource",
    "gateway.name": _NAME,
    "gateway.gateway": _NAME,
    "gateway.cluster": _NAME,
    "gateway.clientToken": _NAME,
    "gateway.deletionProtection": _SETTING,
    **dict.fromkeys(
        (
            f"{_SHARED}.{member}"
            for member in (
                "networkConfiguration",
                "scheme",
                "port",
                "protocol",
                "maxAlbCount",
                "httpDesync",
                "testTrafficRules",
            )
        ),
        "the gateway role has the permissions for these changes in any case",
    ),
    f"{_SHARED}.accessLogs.destination.s3.bucket": _BUCKET_POLICY,
    f"{_SHARED}.accessLogs.destination.s3.prefix": _BUCKET_POLICY,
    "gateway.tags": "tags of the gateway itself; the caller that creates it needs ecs:TagResource",
    "gateway.propagateTags": _SETTING,
}


_CONTAINER = "containerDefinitions[]"
_PRIMARY = "expressGatewayService.primaryContainer"
_OVERRIDE = "runTask.overrides.containerOverrides[]"

#: Fields that replace others when a task, daemon or service is started, with the same needs: field -> replaced field. A
#: field covers everything in it.
#: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html
#: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerOverride.html
#: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/express-service-work.html
INSTEAD: Mapping[str, str] = {
    "runTask.enableExecuteCommand": "service.enableExecuteCommand",
    "runTask.launchType": "service.launchType",
    "runTask.volumeConfigurations": "service.volumeConfigurations",
    "runTask.overrides.cpu": "cpu",
    "runTask.overrides.memory": "memory",
    "runTask.overrides.ephemeralStorage": "ephemeralStorage",
    f"{_OVERRIDE}.command": f"{_CONTAINER}.command",
    f"{_OVERRIDE}.environment": f"{_CONTAINER}.environment",
    f"{_OVERRIDE}.environmentFiles": f"{_CONTAINER}.environmentFiles",
    f"{_OVERRIDE}.cpu": f"{_CONTAINER}.cpu",
    f"{_OVERRIDE}.memory": f"{_CONTAINER}.memory",
    f"{_OVERRIDE}.memoryReservation": f"{_CONTAINER}.memoryReservation",
    f"{_OVERRIDE}.resourceRequirements": f"{_CONTAINER}.resourceRequirements",
    "daemon.enableExecuteCommand": "service.enableExecuteCommand",
    **{f"expressGatewayService.{name}": name for name in ("cpu", "memory", "executionRoleArn", "taskRoleArn")},
    **{
        f"{_PRIMARY}.{name}": f"{_CONTAINER}.{name}"
        for name in ("image", "command", "environment", "secrets", "repositoryCredentials")
    },
}

#: The account settings that need no permission. A row about another has the field ``account.NAME``.
#: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html
ACCOUNT: Mapping[str, str] = {
    "account.serviceLongArnFormat": "the format of ARNs",
    "account.taskLongArnFormat": "the format of ARNs",
    "account.containerInstanceLongArnFormat": "the format of ARNs",
    "account.awsvpcTrunking": _BY_ECS,
    "account.containerInsights": _BY_ECS,
    "account.fargateFIPSMode": _SETTING,
    "account.tagResourceAuthorization": "creating a resource with tags requires ecs:TagResource",
    "account.fargateTaskRetirementWaitPeriod": _SETTING,
    "account.defaultLogDriverMode": _SETTING,
    "account.fargateEventWindows": _SETTING,
}

#: Every field that needs no permission.
COSTLESS: Mapping[str, str] = {**FIELDLESS, **SETTINGS, **ELSEWHERE, **ACCOUNT}

#: Operation -> prefix of its members in field names. Members of a task definition have no prefix.
ROOTS: Mapping[str, str] = {
    "RegisterTaskDefinition": "",
    "RegisterDaemonTaskDefinition": "",
    "CreateService": "service",
    "UpdateService": "service",
    "RunTask": "runTask",
    "StartTask": "runTask",
    "CreateTaskSet": "taskSet",
    "UpdateTaskSet": "taskSet",
    "CreateCluster": "cluster",
    "UpdateCluster": "cluster",
    "UpdateClusterSettings": "cluster",
    "PutClusterCapacityProviders": "cluster",
    "CreateCapacityProvider": "capacityProvider",
    "UpdateCapacityProvider": "capacityProvider",
    "CreateDaemon": "daemon",
    "UpdateDaemon": "daemon",
    "CreateExpressGatewayService": "expressGatewayService",
    "UpdateExpressGatewayService": "expressGatewayService",
    "CreateGateway": "gateway",
    "UpdateGateway": "gateway",
    "AssociateGatewayWithCluster": "gateway",
}

_BY_AGENT = "the agent calls it with the role of the container instance"

#: Operations that need no permission of a role, for any input.
COSTLESS_OPERATIONS: Mapping[str, str] = {
    "ContinueServiceDeployment": "ECS continues a deployment that it already runs",
    "ExecuteCommand": "ECS Exec is enabled when the task starts, not by this call",
    "PutAccountSetting": "each account setting has its own reason or row",
    "PutAccountSettingDefault": "each account setting has its own reason or row",
    "PutAttributes": "attributes of container instances, which decide where tasks may run",
    "RegisterContainerInstance": _BY_AGENT,
    "SubmitAttachmentStateChanges": _BY_AGENT,
    "SubmitContainerStateChange": _BY_AGENT,
    "SubmitTaskStateChange": _BY_AGENT,
    "TagResource": "tags",
    "UpdateContainerAgent": "the agent updates itself",
    "UpdateContainerInstancesState": "drains a container instance",
    "UpdateServicePrimaryTaskSet": "chooses among existing task sets",
    "UpdateTaskProtection": "the application calls it with its task role; grant it in a spec",
}
