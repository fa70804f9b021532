"""The service spec ``cfnroles.yaml``: one definition of its keys, which checking, schema and documentation follow."""
