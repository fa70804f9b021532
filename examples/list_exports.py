"""Prints what the stacks of the account export, for the stacks that import it."""

import boto3

for page in boto3.client("cloudformation").get_paginator("list_exports").paginate():
    for export in page["Exports"]:
        print(f"{export['Name']} = {export['Value']}")
