"""A service with everything that ECS manages for it: each role is complete and minimal, and nothing is a gap."""

from __future__ import annotations

import json
from pathlib import Path

from cfnroles import build, read
from cfnroles.answers.verification import Verdict
from cfnroles.answers.verify import verify
from cfnroles.iam.roles import template_role
from cfnroles.role_kinds import ROLE_KINDS
from cfnroles.template.given import Given
from cfnroles.template.template import read_template

HOME = "us-east-1:123456789012"
KEY = f"arn:aws:kms:{HOME}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ELB, LATTICE = f"arn:aws:elasticloadbalancing:{HOME}", f"arn:aws:vpc-lattice:{HOME}"
ROLE = "arn:aws:iam::123456789012:role/ecs-infrastructure"
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


PROVIDER = {
    "name": "managed",
    "cluster": "shop",
    "managedInstancesProvider": {
        "infrastructureRoleArn": ROLE,
        "instanceLaunchTemplate": {
            "ec2InstanceProfileArn": "arn:aws:iam::123456789012:instance-profile/instances",
            "networkConfiguration": {"subnets": ["subnet-1", "subnet-2"], "securityGroups": ["sg-1"]},
            "capacityOptionType": "RESERVED",
            "capacityReservations": {"reservationGroupArn": f"arn:aws:resource-groups:{HOME}:group/reserved"},
        },
    },
}
GATEWAY = {
    "name": "shop",
    "infrastructureRoleArn": ROLE,
    "configuration": {"hostSharedAlb": {"webACLArn": f"arn:aws:wafv2:{HOME}:regional/webacl/shop/1234abcd"}},
}
SPEC = f"""\
project: shop
account: "123456789012"
region: us-east-1
services:
  web:
    task-definition: task.json
    service: service.json
    capacity-provider: provider.json
    gateway: gateway.json
    exec: {{log-group: /ecs/exec, bucket: sessions}}
    kms-keys: {{files: "{KEY}", log-groups: "{KEY}", destinations: "{KEY}"}}
    bucket-accounts: "123456789012"
    run-by:
      scheduler: {{cluster: shop, tags: true}}
      event-rule: true
      state-machine: {{cluster: shop, sync: true}}
      pipe: true
"""


def test_every_role_of_a_whole_service_passes(tmp_path: Path) -> None:
    for name, text in (
        ("task.json", json.dumps(TASK)),
        ("service.json", json.dumps(SERVICE)),
        ("provider.json", json.dumps(PROVIDER)),
        ("gateway.json", json.dumps(GATEWAY)),
        ("cfnroles.yaml", SPEC),
    ):
        (tmp_path / name).write_text(text)
    reading = read(tmp_path / "cfnroles.yaml")
    assert reading.gaps == reading.findings == ()
    built = build(reading)
    made = next(stack.template["Resources"] for stack in built.stacks if stack.name == "shop-web-roles")
    roles = {name for name, resource in made.items() if resource["Type"] == "AWS::IAM::Role"}
    assert roles == {kind.name for kind in ROLE_KINDS}
    template = read_template(built.files["web-roles.yaml"], "web-roles.yaml")

    for kind in ROLE_KINDS:
        role = template_role(template, kind.name, Given({}, "123456789012", "us-east-1"))
        found = verify(reading, role, kind.holder, prove=True)
        assert (found.verdict, found.grounds) == (Verdict.PASS, ()), kind.name
        assert found.judged
        assert [str(removal) for removal in found.removals or () if not removal.fails] == [], kind.name
