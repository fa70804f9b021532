"""Values that no document has, from the command line."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from cfnroles.errors import InvalidInput

#: Fields about a document, with the options that have another name.
_SPELLED = {
    "values": "set",
    "root_volumes": "efs-root-access",
    "pull_through_prefixes": "pull-through-prefix",
    "guard_duty": "guardduty",
    "variable_files": "var-file",
}


#: Fields that are not about a document.
_OF_NO_DOCUMENT = frozenset({"parameters", "registered", "command"})


class Told(Struct, frozen=True):
    """Values that no document has. An empty value is unknown.

    ``family``, ``values`` (of placeholders, by name) and ``images`` (by container name, or the empty name for the only
    one) complete a task definition. ``account`` (12 digits) and ``region`` are where its tasks run. ``service_file`` is
    the path of create-service or create-daemon input or describe-services output, ``run_task_file`` that of run-task or
    start-task input; they and the fields below, up to ``guard_duty``, are settings of other ECS calls. The keys are
    ARNs of customer managed KMS keys. ``efs_accounts`` are accounts by file system ID. ``pull_through_prefixes``,
    ``gmsa_secrets``, ``s3_files_buckets`` and ``root_volumes`` are as in ``facts.Facts``.

    ``parameters`` are values of a template's parameters or of Terraform's variables, and ``variable_files`` the paths
    of files with more of the latter. ``registered`` reads the text of a task definition in Amazon ECS, by Region and
    FAMILY:REVISION; without it, nothing is read from AWS. ``command`` is the command line before and after the source.
    """

    family: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)
    account: str = ""
    region: str = ""
    service_file: str = ""
    run_task_file: str = ""
    launch_type: str = ""
    kms_key_arns: tuple[str, ...] = ()
    file_key_arns: tuple[str, ...] = ()
    log_group_key_arns: tuple[str, ...] = ()
    destination_key_arns: tuple[str, ...] = ()
    bucket_accounts: tuple[str, ...] = ()
    efs_accounts: Mapping[str, str] = field(default_factory=dict)
    pull_through_prefixes: tuple[str, ...] = ()
    gmsa_secrets: tuple[str, ...] = ()
    s3_files_buckets: tuple[str, ...] = ()
    root_volumes: tuple[str, ...] = ()
    execute_command: bool = False
    execute_command_log_group: str = ""
    execute_command_bucket: str = ""
    execute_command_key: str = ""
    managed_storage_key: str = ""
    guard_duty: bool = False
    compat: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)
    variable_files: tuple[str, ...] = ()
    registered: Callable[[str, str], str] | None = None
    command: tuple[str, str] = ("cfnroles explain", "")

    def again(self, source: str) -> str:
        """Return the same command for another source."""
        before, after = self.command
        return f"{before} {source}{after}"

    def only(self, names: Collection[str]) -> Told:
        """Return only the fields of these names, and those that are not about a document."""
        kept = {*names, *_OF_NO_DOCUMENT}
        return replace(Told(), **{name: getattr(self, name) for name in self.__struct_fields__ if name in kept})

    def refuse_others(self, names: Collection[str], what: str, remedies: Mapping[str, str] | None = None) -> None:
        """Raise InvalidInput for a field that does not apply to a document, which accepts ``names``.

        ``what`` is the kind of document, ``remedies`` what to do instead, by field.
        """
        taken = self.only(names)
        for name in self.__struct_fields__:
            if name not in _OF_NO_DOCUMENT and getattr(self, name) != getattr(taken, name):
                remedy = (remedies or {}).get(name, "")
                whose = "a directory of Terraform" if name == "variable_files" else "a task definition"
                raise InvalidInput(f"--{option(name)} requires {whose}, but {what}", remedy=remedy)


def option(name: str) -> str:
    """Return the option for a field, without hyphens: ``kms-key-arn``."""
    return _SPELLED.get(name) or name.removesuffix("s").replace("_", "-")
