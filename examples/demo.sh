#!/bin/sh
# What cfnroles does, from a task definition to deployed stacks. `make demo` runs it against a local emulator.
set -eu
examples=$(dirname "$0")
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
run() { printf '\033[2m$ %s\033[0m\n' "$*"; "$@"; }

say '1. From the task definition to the stacks'
run cfnroles build "$examples/shop.json" -o "$out"

say '2. Deploy, while one secret and one parameter are missing and one secret is about to be deleted'
python "$examples/put_secrets.py" some
if run cfnroles deploy "$out" --yes; then
    echo 'The deployment should have been refused.' >&2
    exit 1
fi

say '3. Nothing was created'
run cfnroles status "$out" || true

say '4. Deploy without the check: the gate in the stack refuses, and no task definition is registered'
if run cfnroles deploy "$out" --yes --no-check; then
    echo 'The gate should have refused the deployment.' >&2
    exit 1
fi

say '5. Add what is missing, and deploy again'
python "$examples/put_secrets.py" all
run cfnroles deploy "$out" --yes

say '6. What other stacks can import'
run python "$examples/list_exports.py"
