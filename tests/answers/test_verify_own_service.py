"""A service with everything that ECS manages for it: its three roles are complete and minimal, and nothing is a gap."""

from __future__ import annotations

import json
from pathlib import Path

from cfnroles import Told, build, read
from cfnroles.answers.verify import Outcome, verify
from cfnroles.iam.roles import template_role
from cfnroles.need import Holder
from cfnroles.template.given import Given
from cfnroles.template.template import read_template

HOME = "us-east-1:123456789012"
KEY = f"arn:aws:kms:{HOME}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ELB, LATTICE = f"arn:aws:elasticloadbalancing:{HOME}", f"arn:aws:vpc-lattice:{HOME}"
ROLE = "arn:aws:iam::123456789012:role/ecs-infrastructure"
ROLES = {
    Holder.EXECUTION: "ExecutionRole",
    Holder.TASK: "TaskRole",
    Holder.INFRASTRUCTURE: "InfrastructureRole",
}
LOGS = {"awslogs-group": "/ecs/shop", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "shop"}
TASK = {
    "family": "shop",
    "containerDefinitions": [
        {
            "name": "web",
            "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/web:1",
            "environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::shop-config/web.env"}],
            "logConfiguration": {"logDriver": "awslogs", "options": LOGS},
        },
        {
            "name": "router",
            "image": "public.ecr.aws/aws-observability/aws-for-fluent-bit:3.0.0",
            "firelensConfiguration": {"type": "fluentbit"},
            "logConfiguration": {
                "logDriver": "awsfirelens",
                "options": {"Name": "kinesis_streams", "region": "us-east-1", "stream": "logs"},
            },
        },
    ],
    "volumes": [{"name": "data", "configuredAtLaunch": True}],
}
SERVICE = {
    "serviceName": "shop",
    "taskDefinition": "shop:1",
    "enableExecuteCommand": True,
    "deploymentConfiguration": {
        "strategy": "CANARY",
        "canaryConfiguration": {"canaryPercent": 10},
        "lifecycleHooks": [
            {
                "hookTargetArn": f"arn:aws:lambda:{HOME}:function:smoke",
                "roleArn": ROLE,
                "lifecycleStages": ["POST_SCALE_UP"],
            }
        ],
    },
    "loadBalancers": [
        {
            "targetGroupArn": f"{ELB}:targetgroup/blue/1",
            "containerName": "web",
            "containerPort": 80,
            "advancedConfiguration": {
                "alternateTargetGroupArn": f"{ELB}:targetgroup/green/2",
                "productionListenerRule": f"{ELB}:listener-rule/app/shop/3/4/5",
                "testListenerRule": f"{ELB}:listener-rule/app/shop/3/4/6",
                "roleArn": ROLE,
            },
        }
    ],
    "vpcLatticeConfigurations": [
        {
            "roleArn": ROLE,
            "portName": "web",
            "targetGroupArn": f"{LATTICE}:targetgroup/tg-1",
            "advancedConfiguration": {
                "alternateTargetGroupArn": f"{LATTICE}:targetgroup/tg-2",
                "productionListenerRule": f"{LATTICE}:service/svc-3/listener/listener-4/rule/rule-5",
            },
        }
    ],
    "volumeConfigurations": [
        {"name": "data", "managedEBSVolume": {"roleArn": ROLE, "snapshotId": "snap-1", "kmsKeyId": KEY}}
    ],
    "serviceConnectConfiguration": {
        "enabled": True,
        "services": [
            {
                "portName": "web",
                "tls": {
                    "issuerCertificateAuthority": {
                        "awsPcaAuthorityArn": f"arn:aws:acm-pca:{HOME}:certificate-authority/1234abcd"
                    },
                    "kmsKey": KEY,
                    "roleArn": ROLE,
                },
            }
        ],
        "logConfiguration": {"logDriver": "awslogs", "options": {**LOGS, "awslogs-stream-prefix": "proxy"}},
    },
}


def test_every_role_of_a_whole_service_is_complete_and_minimal(tmp_path: Path) -> None:
    (tmp_path / "task.json").write_text(json.dumps(TASK))
    (tmp_path / "service.json").write_text(json.dumps(SERVICE))
    reading = read(
        tmp_path / "task.json",
        Told(
            service_file=str(tmp_path / "service.json"),
            account="123456789012",
            region="us-east-1",
            execute_command_log_group="/ecs/exec",
            execute_command_bucket="sessions",
            log_group_key_arns=(KEY,),
            destination_key_arns=(KEY,),
            file_key_arns=(KEY,),
            bucket_accounts=("123456789012",),
        ),
    )
    assert reading.gaps == reading.findings == ()
    template = read_template(build(reading).files["shop-roles.yaml"], "shop-roles.yaml")

    for holder, logical_id in ROLES.items():
        role = template_role(template, logical_id, Given({}, "123456789012", "us-east-1"))
        found = verify(reading, role, holder, prove=True)
        assert {judged.outcome for judged in found.judged} == {Outcome.ALLOWED}, logical_id
        assert found.excess == found.application == found.role.unread == (), logical_id
        assert [str(removal) for removal in found.removals or () if not removal.fails] == [], logical_id
