"""The policies that owners in other accounts must add: images, keys and secrets that the services use there."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from troposphere import Output, Parameter, Ref, Tags, Template, ecr, secretsmanager

from cfnroles.errors import InvalidInput
from cfnroles.lines import gap_lines
from cfnroles.markdown import code, document, heading, inline, items, table
from cfnroles.need import Condition, Holder
from cfnroles.options import NO_OPTIONS
from cfnroles.signs import checked
from cfnroles.sources.reading import Reading
from cfnroles.targets.cloudformation.other_accounts import Consumer, ForeignUse, consumers_of, other_accounts, uses_of
from cfnroles.targets.cloudformation.output_files import Format, templates, with_manifest
from cfnroles.targets.cloudformation.parameters import project_name
from cfnroles.targets.cloudformation.project_names import project_of
from cfnroles.targets.cloudformation.service import Stack, with_template
from cfnroles.targets.cloudformation.stack_template import StackTemplate
from cfnroles.targets.cloudformation.values import value
from cfnroles.text import ANYTHING, EMPTY, Arn, Text

_CALLS = (
    ("images", "ecr set-repository-policy --repository-name NAME --policy-text file://POLICY", ""),
    ("secrets", "secretsmanager put-resource-policy --secret-id ARN --resource-policy file://POLICY", ""),
    ("keys", "kms put-key-policy --key-id ARN --policy file://POLICY", ", which replaces the whole policy"),
)


def repository_policies(
    reading: Reading, consumers: Sequence[Consumer], project: str
) -> dict[Arn, list[dict[str, Any]]]:
    """Return the statements that each ECR repository of another account must have for these services to pull from it.

    Raise InvalidInput if the roles cannot be named as the spec requires.
    """
    by = _principals(reading, consumers, project)
    uses: dict[Arn, list[ForeignUse]] = defaultdict(list)
    for arn, use in uses_of(consumers):
        if arn.service == "ecr":
            uses[arn].append(use)
    return {arn: by.statements(uses[arn], arn) for arn in sorted(uses, key=str)}


def other_side_files(reading: Reading, account: str, format_: Format, project: str = "") -> dict[str, str]:
    """Return file name -> text for the owner of ``account``: templates, and statements for existing resources.

    The roles of a task definition get their names when they are created, so its whole account is allowed. ``project``
    begins the names of its stacks, if the family does not. Raise InvalidInput if the services use nothing there, or if
    the roles cannot be named as the spec requires.
    """
    services, spec = reading.accepted(), reading.project
    if spec and project:
        raise InvalidInput(f"--project requires a task definition, but {reading.name} is {reading.noun}")
    project, consumers = spec.project if spec else project_of(services[0], project), consumers_of(services)
    by = _principals(reading, consumers, project)
    uses: dict[Arn, list[ForeignUse]] = defaultdict(list)
    for arn, use in uses_of(consumers, account):
        uses[arn].append(use)
    if not uses:
        # A service whose account is unknown uses nothing of another account.
        for each in services:
            by.account_of(each.name)
        known = ", ".join(other_accounts(services)) or "none"
        raise InvalidInput(
            f"the services use no image, key or secret of the account {account}",
            where=reading.name,
            why=f"Accounts whose resources they use: {known}.",
        )
    statements = {arn: by.statements(uses[arn], arn) for arn in sorted(uses, key=str)}
    told = {arn.text.written: policy for arn, policy in statements.items()}
    files = {"statements.json": json.dumps(told, indent=2) + "\n"}
    stacks = tuple(_templates(project, statements))
    files |= {"README.md": _readme(project, account, told, stacks)}
    whose = {"project": project, "account": account, "gaps": list(gap_lines(reading.gaps, reading.texts, reading.name))}
    return with_manifest({**templates(stacks, reading.name, format_), **files}, stacks, whose, format_)


def _principals(reading: Reading, consumers: Sequence[Consumer], project: str) -> _Principals:
    spec = reading.project
    sharing = _Sharing(spec.get("sharing", "by") or "role", spec.get("sharing", "organization")) if spec else _ACCOUNT
    return _Principals(reading.name, project, sharing, {each.name: each for each in consumers})


class _Sharing(Struct, frozen=True):
    """The principals that other accounts allow: the roles, the account, or an organization."""

    by: str
    organization: str | None = None


_ACCOUNT = _Sharing("account")


class _Principals(Struct, frozen=True):
    """How other accounts name the roles.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html
    """

    document: str
    project: str
    sharing: _Sharing
    services: Mapping[str, Consumer]

    def statements(self, uses: Sequence[ForeignUse], arn: Arn) -> list[dict[str, Any]]:
        """Return the statements of one resource's policy: who may do what, with the conditions of the role."""
        self._told(arn.resource)
        key = arn.service == "kms"
        grouped: dict[tuple[Holder, tuple[Condition, ...]], set[str]] = defaultdict(set)
        callers: dict[tuple[Holder, tuple[Condition, ...]], set[str]] = defaultdict(set)
        for use in uses:
            # The owner's policy can repeat only the conditions of keys.
            group = (use.holder, use.conditions if key else ())
            grouped[group].add(use.action)
            callers[group].add(use.service)
        made = []
        for number, (group, actions) in enumerate(sorted(grouped.items(), key=lambda item: str(item[0])), start=1):
            holder, conditions = group
            principal, bound = self._principal(sorted(callers[group]), holder, arn.partition)
            block: dict[str, dict[str, Any]] = {operator: dict(keys) for operator, keys in bound.items()}
            for condition in conditions:
                values = [value(self._told(each)) for each in condition.values]
                block.setdefault(condition.operator, {})[condition.key] = values
            made.append(
                {
                    "Sid": f"{''.join(word.capitalize() for word in self.project.split('-'))}{number}",
                    "Effect": "Allow",
                    "Principal": principal,
                    "Action": sorted(actions),
                    # A key's policy is about that key, which it writes as `*`. A repository's policy has no Resource.
                    **({"Resource": "*"} if key else {}),
                    **({"Condition": block} if block else {}),
                }
            )
        return made

    def _principal(
        self, names: Sequence[str], holder: Holder, partition: Text
    ) -> tuple[Any, Mapping[str, Mapping[str, Any]]]:
        if self.sharing.by == "account":
            accounts = sorted({self.account_of(name) for name in names})
            return {"AWS": [f"arn:{partition}:iam::{account}:root" for account in accounts]}, {}
        if self.sharing.by == "organization":
            bound: dict[str, dict[str, Any]] = {"StringEquals": {"aws:PrincipalOrgID": [self.sharing.organization]}}
            known = [self._role_arn(name, holder, ANYTHING, partition) for name in names]
            if all(known):
                bound["ArnLike"] = {"aws:PrincipalArn": known}
            return "*", bound
        arns = []
        for name in names:
            arn = self._role_arn(name, holder, Text(self.account_of(name)), partition)
            if not arn:
                raise InvalidInput(
                    f"the {holder} of {name} has no name, so other accounts cannot reference it",
                    where=self.document,
                    remedy=f"Add a name (services: {name}: {holder.replace(' ', '-')}: name), or share by account.",
                )
            arns.append(arn)
        return {"AWS": arns}, {}

    def _role_arn(self, name: str, holder: Holder, account: Text, partition: Text) -> str:
        options = self.services[name].options.get(holder, NO_OPTIONS)
        role = Text("role", options.path or "/", options.name)
        return checked(Arn(partition, "iam", EMPTY, account, role).text).written if options.name else ""

    def _told(self, text: Text) -> Text:
        for symbol in text.unknown:
            raise InvalidInput(
                f"{text.written} contains {symbol.written or symbol.spelled}, which is unknown in another account",
                where=self.document,
                remedy="Write the value in the task definition.",
            )
        return text

    def account_of(self, name: str) -> str:
        """Return the account of a service; raise InvalidInput if it is unknown."""
        account = self.services[name].facts.account
        if not account:
            raise InvalidInput(
                f"the account of {name} is unknown, so other accounts cannot reference its roles",
                where=self.document,
                remedy='Add it to the spec (account: "123456789012"), or pass --account for a task definition.',
            )
        return account


def _templates(project: str, statements: Mapping[Arn, list[dict[str, Any]]]) -> Iterable[Stack]:
    of_kind: dict[str, dict[Arn, Any]] = defaultdict(dict)
    for arn, policy in statements.items():
        of_kind[arn.service][arn] = {"Version": "2012-10-17", "Statement": policy}
    if of_kind["ecr"]:
        stack = Stack(f"{project}-ecr-repository-policy", "ecr-repository-policy")
        yield with_template(stack, repository_template(project, of_kind["ecr"]), project)
    if of_kind["secretsmanager"]:
        stack = Stack(f"{project}-secret-policy", "secret-policy")
        yield with_template(stack, _secret_template(project, of_kind["secretsmanager"]), project)


def repository_template(project: str, policies: Mapping[Arn, Mapping[str, Any]]) -> Template:
    """Return the template of the repositories with their policies. CloudFormation has no policy without its repository.

    An existing repository is imported with --import-existing-resources, and stays when the stack is deleted.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecr-repository.html
    """
    template = StackTemplate(Description=f"ECR repositories of the images that the services of {project} pull.")
    template.set_version("2010-09-09")
    template.add_parameter(project_name(project))
    for number, (arn, policy) in enumerate(policies.items(), start=1):
        name = arn.resource.removeprefix("repository/").written
        title = f"Repository{number if number > 1 else ''}"
        template.add_parameter(
            Parameter(f"{title}Name", Type="String", Default=name, Description="Name of the repository.")
        )
        template.add_resource(
            ecr.Repository(
                title,
                DeletionPolicy="Retain",
                UpdateReplacePolicy="Retain",
                RepositoryName=Ref(f"{title}Name"),
                RepositoryPolicyText=policy,
                Tags=Tags(**{"cfnroles:project": Ref("ProjectName")}),
            )
        )
        template.add_output(Output(f"{title}Uri", Description="URI of the repository.", Value=Ref(title)))
    return template


def _secret_template(project: str, policies: Mapping[Arn, Mapping[str, Any]]) -> Template:
    # https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples_cross.html
    template = StackTemplate(Description=f"Policies of the secrets that the services of {project} read.")
    template.set_version("2010-09-09")
    for number, (arn, policy) in enumerate(policies.items(), start=1):
        title = f"Secret{number if number > 1 else ''}"
        known = arn.text.written.removesuffix("-??????")
        template.add_parameter(
            Parameter(
                f"{title}Id",
                Type="String",
                Default=known,
                Description=f"ARN of the secret {known.rpartition(':')[2]}.",
            )
        )
        statements = [{**statement, "Resource": "*"} for statement in policy["Statement"]]
        template.add_resource(
            secretsmanager.ResourcePolicy(
                f"{title}Policy",
                SecretId=Ref(f"{title}Id"),
                ResourcePolicy={**policy, "Statement": statements},
                BlockPublicPolicy=True,
            )
        )
    return template


def _readme(project: str, account: str, statements: Mapping[str, Any], stacks: Sequence[Stack]) -> str:
    rows = [
        (code(arn), ", ".join(action for each in policy for action in each["Action"]))
        for arn, policy in statements.items()
    ]
    blocks = [
        heading(1, f"What the services of {project} ask of the account {account}"),
        "Deploy these after the roles: AWS refuses a policy that names a role that does not exist.",
        table(("resource", "statements"), rows),
        "`statements.json` has the statements to add to the policy of each resource:",
        items(f"{kind}: `aws {call}`{then}" for kind, call, then in _CALLS),
    ]
    if stacks:
        blocks += [
            "Templates for resources that CloudFormation manages:",
            items(inline(code(stack.stem), f": {stack.template['Description']}") for stack in stacks),
        ]
    return document(blocks) + "\n"
