"""A CloudFormation template as a source, which may contain its roles."""

from __future__ import annotations

from collections.abc import Mapping

from cfnroles.document import Document
from cfnroles.sources.reading import Reading
from cfnroles.sources.told import Told

NOUN = "a CloudFormation template"
SIGNS = ("AWS::",)
TAKES = frozenset(
    {
        *("account", "region", "kms_key_arns", "file_key_arns", "log_group_key_arns", "destination_key_arns"),
        *("bucket_accounts", "pull_through_prefixes", "gmsa_secrets", "s3_files_buckets", "compat"),
    }
)


def recognises(document: Document) -> bool:
    """Return whether it has resources."""
    return isinstance(document.members.get("Resources"), Mapping)


def read(document: Document, told: Told) -> Reading:
    """Return the reading of the template."""
    from cfnroles.sources.definition_files import with_definitions
    from cfnroles.sources.nested_stacks import NestedStack, nested_stacks
    from cfnroles.sources.template_names import refused_names
    from cfnroles.template.given import Given
    from cfnroles.template.loops import unrolled
    from cfnroles.template.settled_names import with_settled_names
    from cfnroles.template.template import Template, checked

    told.refuse_others(TAKES, f"{document.name} is {NOUN}")
    template = Template(document.name, document.text, document.members)
    given = Given(told.parameters, told.account, told.region)
    template = with_settled_names(with_definitions(checked(unrolled(template, given)), document), given)
    nested = tuple(nested_stacks(template, document, given))
    inner = [each for each in nested if isinstance(each, NestedStack)]
    documents = (document, *dict.fromkeys(each.document for each in inner))
    wrong = tuple(fault for each in (template, *(one.template for one in inner)) for fault in refused_names(each))
    return Reading(documents, NOUN, told, wrong=wrong, template=template, nested=nested)
