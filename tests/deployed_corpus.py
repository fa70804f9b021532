"""The templates of a folder with roles injected, deployed to an emulator: refused while a secret is missing, then not.

Usage: python -m tests.deployed_corpus [FOLDER]

Each template is given one parameter of Parameter Store more to read, which does not exist: the gate has to refuse it,
in a message that names it. Then the parameter is put there, and the stack has to be created with all its resources, and
with roles that `verify` finds complete. A template is given what its user has in the account: networks, certificates,
exports of other stacks, values of its parameters by what they are called. Its services run no task, since the emulator
takes no count that is a text.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import botocore.exceptions
import botocore.parsers

from cfnroles import Document, InvalidInput, Told, build, inject, read, verify
from cfnroles.answers.verification import Outcome
from cfnroles.document import parse
from cfnroles.emulator import Emulator, emulator
from cfnroles.need import Holder
from cfnroles.page import clipped
from cfnroles.sources.live import live_role
from cfnroles.template.given import Given
from cfnroles.template.intrinsics import Resolution
from cfnroles.template.template import Template
from tests.conftest import emptied

MISSING = "/nobody/put/this"
TASK = "AWS::ECS::TaskDefinition"
_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")


class Account:
    """An empty account with what templates take for granted."""

    def __init__(self, running: Emulator) -> None:
        self._running = running
        ec2 = self.client("ec2")
        self.vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [
            ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"10.0.{number}.0/24")["Subnet"]["SubnetId"]
            for number in range(1, 4)
        ]
        made = ec2.create_security_group(GroupName="trial", Description="trial", VpcId=self.vpc)
        self.security_group = made["GroupId"]
        self.cluster = self.client("ecs").create_cluster(clusterName="trial")["cluster"]["clusterArn"]
        balancing = self.client("elbv2")
        balancer = balancing.create_load_balancer(Name="trial", Subnets=self.subnets)["LoadBalancers"][0]
        self.load_balancer = balancer["LoadBalancerArn"]
        group = balancing.create_target_group(Name="trial", Protocol="HTTP", Port=80, VpcId=self.vpc)
        self.target_group = group["TargetGroups"][0]["TargetGroupArn"]
        listener = balancing.create_listener(
            LoadBalancerArn=self.load_balancer,
            Port=80,
            Protocol="HTTP",
            DefaultActions=[{"Type": "forward", "TargetGroupArn": self.target_group}],
        )
        self.listener = listener["Listeners"][0]["ListenerArn"]
        zone = self.client("route53").create_hosted_zone(Name="example.com", CallerReference="trial")
        self.zone = zone["HostedZone"]["Id"].rpartition("/")[2]
        self.certificate = self.client("acm").request_certificate(DomainName="example.com")["CertificateArn"]
        self.role = self.client("iam").create_role(RoleName="trial", AssumeRolePolicyDocument="{}")["Role"]["Arn"]

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self._running.endpoint_url,
            region_name=self._running.region,
            aws_access_key_id=self._running.account,
            aws_secret_access_key="local",
        )

    def task_definition(self, arn: str) -> dict[str, Any]:
        """A task definition as the emulator answers; an SDK would drop the members whose names it does not know."""
        headers = {
            "Authorization": f"AWS4-HMAC-SHA256 Credential={self._running.account}/20260101/us-east-1/ecs/aws4_request",
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "AmazonEC2ContainerServiceV20141113.DescribeTaskDefinition",
        }
        data = json.dumps({"taskDefinition": arn}).encode()
        request = urllib.request.Request(self._running.endpoint_url, data, headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            task: dict[str, Any] = json.load(answer)["taskDefinition"]
        return task

    def value(self, name: str) -> str:
        """A value for what is called so: a parameter, or what another stack exports."""
        words = {each.lower() for each in _WORDS.findall(name)}
        here = f"{self._running.region}:{self._running.account}"
        for among, value in (
            ({"subnets", "subnet"}, ",".join(self.subnets) if "subnets" in words else self.subnets[0]),
            ({"certificate", "acm", "cert"}, self.certificate),
            ({"listener"}, self.listener),
            ({"balancer", "alb"}, self.load_balancer),
            ({"group", "target"}, self.target_group),
            ({"security", "sg"}, self.security_group),
            ({"vpc"}, self.vpc),
            ({"cluster"}, self.cluster if "arn" in words else "trial"),
            ({"zone"}, self.zone),
            ({"role"}, self.role),
            ({"key", "kms"}, f"arn:aws:kms:{here}:key/11111111-2222-3333-4444-555555555555"),
            ({"topic", "sns"}, f"arn:aws:sns:{here}:trial"),
            ({"function", "lambda"}, f"arn:aws:lambda:{here}:function:trial"),
            ({"name"}, "trial"),
            ({"image", "uri"}, "nginx:1.27"),
            ({"domain", "host", "hostname"}, "trial.example.com"),
            ({"url"}, "https://trial.example.com"),
            ({"cidr"}, "10.0.0.0/8"),
            ({"email"}, "someone@example.com"),
            ({"memory"}, "512"),
            ({"port", "count", "number", "size", "cpu", "priority", "capacity", "storage"}, "256"),
        ):
            if among <= words or (among & words and among != {"group", "target"}):
                return value
        return "trial"


def trial(path: Path, running: Emulator) -> Iterator[str]:
    """What becomes of one template: the steps that it came through, the last of them with why it went no further."""
    reading = read(path)
    template = reading.template
    assert template is not None
    if not any(each.get("Type") == TASK for each in template.tree["Resources"].values()):
        yield "has no task definition"
        return
    text = json.dumps(with_missing_secret(template))
    document = Document(f"{path.stem}.json", text)
    injected = inject(read(document), replace_roles=True, project="trial").text
    account = Account(running)
    values = dict(parameters(read(document).template or template, account))
    exported(template, values, account)
    told = {name: value for name, value in values.items() if name in template.settable}
    with_values = read(document, Told(parameters=told))
    files = build(with_values, project="trial").files
    (validator,) = (files[name] for name in files if name.endswith("secret-validator.yaml"))
    patient, impatient = "PAUSES, PATIENCE = (0.5, 1.5)", "PAUSES, PATIENCE = (0, 0)"
    told = {name: value for name, value in values.items() if name in parse(validator, "")["Parameters"]}
    if why := deploy(account, "validator", validator.replace(patient, impatient), told):
        yield f"no validator: {why}"
        return
    yield from outcome(injected, values, account)


def outcome(injected: str, values: Mapping[str, str], account: Account) -> Iterator[str]:
    """The steps of the deployment itself."""
    why = deploy(account, "trial", injected, values)
    # What is wrong with the request repeats the template.
    if MISSING not in why or "ValidationError" in why:
        yield f"not refused: {why or 'created'}"
        return
    yield "refused"
    account.client("cloudformation").delete_stack(StackName="trial")
    account.client("ssm").put_parameter(Name=MISSING, Value="x", Type="SecureString")
    if why := deploy(account, "again", injected, values):
        yield f"not created: {why}"
        return
    yield "created"
    wrong = list(misjudged(account))
    yield f"wrong roles: {'; '.join(wrong)}" if wrong else "complete"


def with_missing_secret(template: Template) -> Mapping[str, Any]:
    """The tree with one thing more to read in the first container of each task definition."""
    tree: dict[str, Any] = json.loads(json.dumps(template.tree))
    for resource in tree["Resources"].values():
        if resource.get("Type") == "AWS::ECS::Service":
            resource["Properties"]["DesiredCount"] = 0
        if resource.get("Type") == TASK:
            first = resource["Properties"]["ContainerDefinitions"][0]
            container = first["Fn::If"][1] if "Fn::If" in first else first
            if isinstance(container, dict) and isinstance(secrets := container.get("Secrets", []), list):
                container["Secrets"] = [*secrets, {"Name": "NOBODY_PUT_THIS", "ValueFrom": MISSING}]
    return tree


def parameters(template: Template, account: Account) -> Iterator[tuple[str, str]]:
    """The values of the parameters that have no default."""
    for name, declared in template.declarations.items():
        kind = str(declared.get("Type"))
        if kind.startswith("AWS::SSM::Parameter::Value"):
            value = "ami-0123456789abcdef0" if "Image::Id" in kind or "Ami" in name else account.value(name)
            account.client("ssm").put_parameter(Name=f"/trial/{name}", Value=value, Type="String")
            yield name, f"/trial/{name}"
        elif declared.get("Default", "") == "" and (allowed := declared.get("AllowedValues")):
            yield name, str(next((each for each in allowed if each), ""))
        elif "Default" not in declared:
            by_type = {
                "AWS::EC2::VPC::Id": account.vpc,
                "AWS::EC2::Subnet::Id": account.subnets[0],
                "List<AWS::EC2::Subnet::Id>": ",".join(account.subnets),
                "AWS::EC2::SecurityGroup::Id": account.security_group,
                "List<AWS::EC2::SecurityGroup::Id>": account.security_group,
                "AWS::Route53::HostedZone::Id": account.zone,
                "List<AWS::EC2::AvailabilityZone::Name>": "us-east-1a,us-east-1b",
            }
            known = by_type.get(kind, account.value(name))
            number = known if known.isdigit() else str(declared.get("MinValue", 256))
            yield name, number if kind == "Number" else fitting(known, declared)


def fitting(value: str, declared: Mapping[str, Any]) -> str:
    """A value that the declaration of a parameter takes, as far as that can be found by trying."""
    pattern = re.compile(str(declared.get("AllowedPattern", "")) or ".*", re.DOTALL)
    shortest = int(declared.get("MinLength", 0))
    candidates = (value, value.upper(), "trial1", "Trial12345678", "1", "v1.0.0", "10.0.0.0/16", "t" * shortest)
    return next((each for each in candidates if len(each) >= shortest and pattern.fullmatch(each)), value)


def exported(template: Template, values: Mapping[str, str], account: Account) -> None:
    """Deploy a stack that exports what the template imports."""
    resolution = Resolution(template.tree, Given(values, account="123456789012", region="us-east-1"))
    names = {str(resolution.text(each)) for each in _imports(template.tree)}
    outputs = {
        f"Output{number}": {"Value": account.value(name.rpartition(":")[2] or name), "Export": {"Name": name}}
        for number, name in enumerate(sorted(names))
    }
    if outputs:
        nothing = {"Nothing": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}
        deploy(account, "exports", json.dumps({"Resources": nothing, "Outputs": outputs}), {})


def _imports(part: Any) -> Iterator[Any]:
    if isinstance(part, Mapping):
        if "Fn::ImportValue" in part:
            yield part["Fn::ImportValue"]
        part = list(part.values())
    for each in part if isinstance(part, list) else ():
        yield from _imports(each)


def deploy(account: Account, name: str, text: str, values: Mapping[str, str]) -> str:
    """Why the stack cannot be made; empty where it is there."""
    cloudformation = account.client("cloudformation")
    try:
        cloudformation.create_stack(
            StackName=name,
            TemplateBody=text,
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        )
        waiter = cloudformation.get_waiter("stack_create_complete")
        waiter.wait(StackName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 400})
    except (botocore.exceptions.ClientError, botocore.parsers.ResponseParserError) as error:
        return str(error)
    except botocore.exceptions.WaiterError:
        events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        reasons = [each for each in reversed(events) if "FAILED" in each["ResourceStatus"]]
        return " | ".join(f"{each['LogicalResourceId']}: {each.get('ResourceStatusReason')}" for each in reasons[:3])
    return ""


def as_ecs_has_it(part: Any, name: str = "") -> Any:
    """A task definition with the names of members that ECS has; the emulator keeps some as a template has them."""
    if isinstance(part, list):
        return [as_ecs_has_it(each) for each in part]
    if not isinstance(part, dict) or name.lower() in ("options", "dockerlabels", "driveropts", "labels"):
        return part
    # ECS itself writes efsVolumeConfiguration and fsxWindowsFileServerVolumeConfiguration.
    lowered = {re.sub(r"^(EFS|FSx|S3|[A-Z])", lambda found: found[0].lower(), each): each for each in part}
    found = {each: as_ecs_has_it(part[given], each) for each, given in lowered.items()}
    return {"fileSystemId" if each == "filesystemId" else each: value for each, value in found.items()}


def misjudged(account: Account) -> Iterator[str]:
    """What `verify` says against the roles of the task definitions that are registered."""
    ecs = account.client("ecs")
    for arn in ecs.list_task_definitions()["taskDefinitionArns"]:
        task = account.task_definition(arn)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "task.json"
            path.write_text(json.dumps(as_ecs_has_it(task), default=str))
            reading = read(path, Told(account="123456789012", region="us-east-1", family="trial"))
        for holder, member in ((Holder.EXECUTION, "executionRoleArn"), (Holder.TASK, "taskRoleArn")):
            judged = verify(reading, live_role(task[member], "", "us-east-1"), holder)
            if judged.outcome in (Outcome.MISSING, Outcome.DENIED) or judged.excess:
                yield f"{task['family']}, {holder}: {', '.join(map(str, judged.grounds))}"


def main() -> int:
    """Print what became of each template; 1 where roles are wrong."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/corpus/templates")
    counts: dict[str, int] = {}
    with emulator() as running:
        os.environ |= running.environment()
        for path in sorted(folder.iterdir()):
            steps: list[str] = []
            emptied(running)
            try:
                steps += trial(path, running)
            except InvalidInput as error:
                steps.append(f"cannot be tried: {error.what} {error.why}")
            sys.stdout.write(f"{path.name}: {', '.join(clipped(step, 200) for step in steps)}\n")
            sys.stdout.flush()
            for step in steps:
                counts[step.partition(":")[0]] = counts.get(step.partition(":")[0], 0) + 1
    sys.stdout.write(f"{counts}\n")
    return int("wrong roles" in counts)


if __name__ == "__main__":
    sys.exit(main())
