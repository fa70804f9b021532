"""The service spec ``cfnroles.yaml``: one definition of its keys for checks, schema and documentation."""
