"""Task definitions of templates, in the API's spelling."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

import cfnroles
from cfnroles import Document
from cfnroles.errors import RefusedByEcs
from cfnroles.sources.members import MEMBERS
from cfnroles.sources.task_definition_checks import shape_findings
from cfnroles.sources.template_shapes import shaped, spelled
from cfnroles.sources.template_task_definitions import TemplateTask, task_definitions
from cfnroles.symbols import Attribute, Wildcard
from cfnroles.template.template import read_template

HEAD = "Parameters: {Given: {Type: String}, Empty: {Type: String, Default: ''}}\nResources:\n"
RESOURCES = """\
  Secret: {Type: AWS::SecretsManager::Secret}
  Bucket: {Type: AWS::S3::Bucket}
  Repository: {Type: AWS::ECR::Repository}
"""


def read(properties: str, conditions: str = "") -> TemplateTask:
    task = f"  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties: {properties}\n"
    stack = read_template(conditions + HEAD + RESOURCES + task, "t.yaml").resolve()
    (found,) = task_definitions(stack, "t.yaml")
    return found


def tree(properties: str) -> Any:
    return read(properties).workload.tree


def cloudformation(member: Any) -> Any:
    """A member as CloudFormation spells it, written down here once more for those that it calls otherwise."""
    if isinstance(member, dict):
        return {_RENAMED.get(name, name[0].upper() + name[1:]): cloudformation(kind) for name, kind in member.items()}
    return [cloudformation(member[0])] if isinstance(member, list) else member


_RENAMED = {
    "efsVolumeConfiguration": "EFSVolumeConfiguration",
    "fsxWindowsFileServerVolumeConfiguration": "FSxWindowsFileServerVolumeConfiguration",
    "iam": "IAM",
}
_VALUES = {"text": "a text", "number": 7, "truth value": True, "map": {"a-Key": "kept"}}


def valued(member: Any) -> Any:
    if isinstance(member, dict):
        return {name: valued(kind) for name, kind in member.items()}
    return [valued(member[0])] if isinstance(member, list) else _VALUES[member]


def test_every_member_comes_back_under_its_own_name() -> None:
    properties = valued(cloudformation(dict(MEMBERS)))
    proxy = properties["ProxyConfiguration"]
    proxy["ProxyConfigurationProperties"] = proxy.pop("Properties")
    efs = properties["Volumes"][0]["EFSVolumeConfiguration"]
    efs["FilesystemId"] = efs.pop("FileSystemId")
    flow = yaml.safe_dump(properties, default_flow_style=True, width=10**6).strip()
    assert tree(flow) == valued(dict(MEMBERS))


@pytest.mark.parametrize(
    ("given", "value"),
    [
        pytest.param("Cpu: 256", {"cpu": "256"}, id="a number where the API takes a text"),
        pytest.param("Family: !Ref Empty", {}, id="an empty default is not known"),
        pytest.param("Family: !Ref Given", {"family": "${Given}"}, id="what is unknown"),
        pytest.param("Family: {a: b}", {"family": {"a": "b"}}, id="an object, which CloudFormation refuses"),
        pytest.param("Family: !Ref AWS::NoValue", {}, id="no value"),
        pytest.param("EnableFaultInjection: 'false'", {"enableFaultInjection": False}, id="a text for a truth value"),
        pytest.param("Volumes: text", {"volumes": "text"}, id="a string in place of a list, which it refuses"),
    ],
)
def test_values_are_what_the_api_takes(given: str, value: Any) -> None:
    assert tree("{" + given + "}") == {**value, "containerDefinitions": []}


REFUSED = {
    "an object in place of a list": ("ContainerDefinitions: [{Secrets: {A: /a}}]", "expected a list, found an object"),
    "one element in place of a list": (
        "ContainerDefinitions: [{Secrets: {Name: A, ValueFrom: /a}}]",
        "expected a list, found an object",
    ),
    "a string in place of a list": ("ContainerDefinitions: [{Secrets: text}]", "expected a list, found a string"),
    "a string in place of a secret": ("ContainerDefinitions: [{Secrets: [/a]}]", "expected an object, found a string"),
    "a string in place of an object": (
        "ContainerDefinitions: [{LogConfiguration: awslogs}]",
        "expected an object, found a string",
    ),
    "a list in place of a string": ("ContainerDefinitions: [{Image: [nginx]}]", "expected a string, found a list"),
    "containers by name": ("ContainerDefinitions: {web: {Image: nginx}}", "expected a list, found an object"),
    "one container": ("ContainerDefinitions: {Name: web}", "expected a list, found an object"),
    "a string in place of a container": ("ContainerDefinitions: [web, {}]", "expected an object, found a string"),
    "a list in place of a container": ("ContainerDefinitions: [[{}]]", "expected an object, found a list"),
    "a string in place of containers": ("ContainerDefinitions: web", "expected a list, found a string"),
}


@pytest.mark.parametrize(("properties", "what"), REFUSED.values(), ids=REFUSED)
def test_a_value_of_another_type_is_refused_and_never_left_out(properties: str, what: str) -> None:
    assert [each.what for each in shape_findings(read(f"{{{properties}}}").workload)] == [what]
    template = f"Resources:\n  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties: {{{properties}}}\n"
    reading = cfnroles.read(Document("t.yaml", template))
    with pytest.raises(RefusedByEcs, match=what):
        cfnroles.explain(reading)
    assert what in {problem.what.rpartition(": ")[2] for problem in cfnroles.lint(reading).findings}


@pytest.mark.parametrize(
    "secrets",
    ["!Ref Given", "!Split [',', !Ref Given]", "{Fn::Transform: {Name: AWS::Include}}", "!Ref AWS::NoValue"],
)
def test_a_value_that_only_cloudformation_knows_may_have_any_type(secrets: str) -> None:
    assert shape_findings(read(f"{{ContainerDefinitions: [{{Secrets: {secrets}}}]}}").workload) == ()


def test_a_macro_may_change_the_type_of_a_value() -> None:
    secrets = "{ContainerDefinitions: [{Secrets: {A: /a}}]}"
    assert shape_findings(read(secrets, "Transform: Ours\n").workload) == ()
    assert len(shape_findings(read(secrets, "Transform: AWS::LanguageExtensions\n").workload)) == 1


HOME = "${AWS::Region}:${AWS::AccountId}"


@pytest.mark.parametrize(
    ("given", "text", "symbol"),
    [
        ("!Ref Secret", f"arn:${{AWS::Partition}}:secretsmanager:{HOME}:secret:${{Secret}}", "Secret"),
        ("!Sub '${Secret}:key::'", f"arn:${{AWS::Partition}}:secretsmanager:{HOME}:secret:${{Secret}}:key::", "Secret"),
        ("!GetAtt Bucket.Arn", "arn:${AWS::Partition}:s3:::${Bucket}", "Bucket"),
        ("!Ref Bucket", "${Bucket}", "Bucket"),
        (
            "!GetAtt Repository.RepositoryUri",
            "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/${Repository}",
            "Repository",
        ),
    ],
)
def test_a_resource_without_a_name_has_the_form_that_is_known_around_a_symbol(
    given: str, text: str, symbol: str
) -> None:
    family = tree(f"{{Family: {given}}}")["family"]
    assert family == text
    assert Attribute(symbol) in family.symbols


BALANCED = """
  Network: {Type: AWS::ElasticLoadBalancingV2::Listener, Properties: {Protocol: TLS}}
  Listener: {Type: AWS::ElasticLoadBalancingV2::Listener, Properties: {Protocol: HTTPS}}
  Rule: {Type: AWS::ElasticLoadBalancingV2::ListenerRule, Properties: {ListenerArn: !Ref Listener}}
  Given:
    Type: AWS::ElasticLoadBalancingV2::ListenerRule
    Properties: {ListenerArn: "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/shop/1/2"}
  Told: {Type: AWS::ElasticLoadBalancingV2::ListenerRule, Properties: {ListenerArn: !Ref ListenerArn}}
  Round: {Type: AWS::ElasticLoadBalancingV2::ListenerRule, Properties: {ListenerArn: !Ref Round}}
  Green: {Type: AWS::ElasticLoadBalancingV2::TargetGroup}
  Entry: {Type: AWS::VpcLattice::Listener}
  Route: {Type: AWS::VpcLattice::Rule, Properties: {ListenerIdentifier: !GetAtt Entry.Arn}}
  Group: {Type: AWS::VpcLattice::TargetGroup}
  Hook: {Type: AWS::Lambda::Function}
  Live: {Type: AWS::Lambda::Alias}
  Authority: {Type: AWS::ACMPCA::CertificateAuthority}
"""
ELB = f"arn:${{AWS::Partition}}:elasticloadbalancing:{HOME}"
LATTICE = f"arn:${{AWS::Partition}}:vpc-lattice:{HOME}"


@pytest.mark.parametrize(
    ("given", "arn", "named"),
    [
        ("Green", f"{ELB}:targetgroup/${{Green}}/${{Green}}", "Green"),
        ("Green.TargetGroupArn", f"{ELB}:targetgroup/${{Green}}/${{Green}}", "Green"),
        ("Listener", f"{ELB}:listener/app/${{Listener}}/${{Listener}}/${{Listener}}", "Listener"),
        ("Network", f"{ELB}:listener/net/${{Network}}/${{Network}}/${{Network}}", "Network"),
        ("Rule.RuleArn", f"{ELB}:listener-rule/app/${{Listener}}/${{Listener}}/${{Listener}}/${{Rule}}", "Rule"),
        (
            "Given",
            "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/shop/1/2/${Given}",
            "Given",
        ),
        ("Entry", f"{LATTICE}:service/${{Entry}}/listener/${{Entry}}", "Entry"),
        ("Route", f"{LATTICE}:service/${{Entry}}/listener/${{Entry}}/rule/${{Route}}", "Route"),
        ("Group.Arn", f"{LATTICE}:targetgroup/${{Group}}", "Group"),
        ("Hook.Arn", f"arn:${{AWS::Partition}}:lambda:{HOME}:function:${{Hook}}", "Hook.Arn"),
        ("Hook", "${Hook}", "Hook"),
        ("Live", f"arn:${{AWS::Partition}}:lambda:{HOME}:function:${{Live}}:${{Live}}", "Live"),
        ("Authority", f"arn:${{AWS::Partition}}:acm-pca:{HOME}:certificate-authority/${{Authority}}", "Authority"),
        ("Green.TargetGroupName", "${Green.TargetGroupName}", "Green.TargetGroupName"),
        ("Round", None, "Round"),
    ],
)
def test_an_arn_that_cloudformation_makes_up_has_the_form_that_is_known_of_it(
    given: str, arn: str | None, named: str
) -> None:
    text = f"Parameters: {{ListenerArn: {{Type: String}}}}\nResources:{BALANCED}"
    found = shaped(f"${{{given}}}", read_template(text, "t.yaml").resolve())
    assert found == arn or arn is None
    assert spelled(found) == f"${{{named}}}"


@pytest.mark.parametrize("kind", ["AWS::OpenSearchService::Domain", "AWS::Elasticsearch::Domain"])
@pytest.mark.parametrize(
    ("properties", "name"),
    [("{}", "${Domain}"), ("{DomainName: logs}", "logs"), ("{DomainName: !Sub '${Stage}-logs'}", "${Stage}-logs")],
    ids=["generated", "given", "of a parameter"],
)
def test_the_endpoint_and_the_arn_of_a_domain_have_its_name(kind: str, properties: str, name: str) -> None:
    values = "Host: !GetAtt Domain.DomainEndpoint, Arn: !GetAtt Domain.Arn, Same: !GetAtt Domain.DomainArn"
    text = f"""
Parameters: {{Stage: {{Type: String}}}}
Resources:
  Domain: {{Type: {kind}, Properties: {properties}}}
  Other: {{Type: AWS::ECS::Service, Properties: {{{values}, Name: !Ref Domain}}}}
"""
    stack = read_template(text, "t.yaml").resolve()
    arn = f"arn:${{AWS::Partition}}:es:{HOME}:domain/{name}"
    assert {key: shaped(value, stack) for key, value in stack.resources["Other"].properties.items()} == {
        "Host": f"search-{name}-${{Domain.DomainEndpoint}}.${{AWS::Region}}.es.${{AWS::URLSuffix}}",
        "Arn": arn,
        "Same": arn,
        "Name": name,
    }


@pytest.mark.parametrize(
    "given",
    [
        pytest.param("arn:aws:secretsmanager:us-nowhere-1:000000000000:secret:cfnnoname0x-0a1B2c", id="looks made up"),
        pytest.param("arn:aws:iam::000000000000:role/web", id="an account of zeros"),
    ],
)
def test_what_a_template_says_literally_is_left_alone(given: str) -> None:
    assert tree(f"{{Family: '{given}'}}") == {"family": given, "containerDefinitions": []}


def test_in_a_policy_the_end_of_a_log_group_is_a_wildcard() -> None:
    stack = read_template("Resources: {Group: {Type: AWS::Logs::LogGroup}}", "t.yaml").resolve()
    assert Wildcard("*") in shaped("${Group.Arn}", stack, policy=True).symbols
    assert Wildcard("*") not in shaped("${Group.Arn}", stack).symbols


def test_members_know_where_they_stand_also_behind_conditions() -> None:
    conditions = "Conditions: {Has: !Equals [!Ref Given, x]}\n"
    containers = "[!If [Has, {Name: a}, !Ref 'AWS::NoValue'], {Name: b, Secrets: [{Name: S, ValueFrom: /s}]}]"
    task = read(f"{{ContainerDefinitions: {containers}}}", conditions)
    assert [c["name"] for c in task.workload.tree["containerDefinitions"]] == ["a", "b"]
    start = ("Resources", "Task", "Properties", "ContainerDefinitions")
    assert task.sources["containerDefinitions", 0, "name"] == (*start, 0, "Fn::If", 1, "Name")
    assert task.sources["containerDefinitions", 1, "secrets", 0, "valueFrom"] == (*start, 1, "Secrets", 0, "ValueFrom")


def test_what_is_no_container_moves_no_container_behind_it() -> None:
    containers = "[!Ref Given, {Name: a}, !Ref Given, {Name: b, Secrets: [{Name: S, ValueFrom: /s}]}]"
    task = read(f"{{ContainerDefinitions: {containers}}}")
    start = ("Resources", "Task", "Properties", "ContainerDefinitions")
    assert [c["name"] for c in task.workload.tree["containerDefinitions"]] == ["a", "b"]
    assert task.sources["containerDefinitions", 0, "name"] == (*start, 1, "Name")
    assert task.sources["containerDefinitions", 1, "secrets", 0, "valueFrom"] == (*start, 3, "Secrets", 0, "ValueFrom")
    assert [task.sources[path] for path in task.unseen] == [(*start, 0), (*start, 2)]


def test_daemons_have_task_definitions_too() -> None:
    text = (
        HEAD
        + RESOURCES
        + """\
  Daemon:
    Type: AWS::ECS::DaemonTaskDefinition
    Properties:
      Family: agent
      ContainerDefinitions: [{Name: agent, Image: a, Secrets: [{Name: A, ValueFrom: !Ref Secret}]}]
      Volumes: [{Name: logs, LogDriverVolumeConfiguration: {Driver: json-file}}]
"""
    )
    (found,) = task_definitions(read_template(text, "t.yaml").resolve(), "t.yaml")
    assert found.workload.tree["containerDefinitions"][0]["secrets"][0]["valueFrom"].symbols
    assert found.workload.tree["volumes"] == [{"name": "logs", "logDriverVolumeConfiguration": {"driver": "json-file"}}]
