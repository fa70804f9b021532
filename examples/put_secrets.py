"""Puts the secrets of shop.json into the account that the AWS variables point to: some of them, or all.

`python put_secrets.py some` leaves one secret and one parameter out and schedules one secret for deletion, which is
what the gate must notice. `python put_secrets.py all` then fixes that.
"""

import sys

import boto3


def put_some() -> None:
    """Two secrets, of which one is about to go."""
    secrets = boto3.client("secretsmanager")
    secrets.create_secret(Name="shop/signing", SecretString="an example, not a secret")
    secrets.create_secret(Name="shop/payment", SecretString="an example, not a secret")
    secrets.delete_secret(SecretId="shop/payment", RecoveryWindowInDays=7)


def put_all() -> None:
    """What was missing."""
    secrets = boto3.client("secretsmanager")
    try:
        secrets.restore_secret(SecretId="shop/payment")
    except secrets.exceptions.ResourceNotFoundException:
        sys.exit("Run `put_secrets.py some` first: this fixes what it leaves undone.")
    secrets.create_secret(Name="shop/database", SecretString='{"password": "an example, not a secret"}')
    boto3.client("ssm").put_parameter(Name="/shop/feature-flags", Value="dark-mode", Type="String")


if __name__ == "__main__":
    {"some": put_some, "all": put_all}[sys.argv[1]]()
