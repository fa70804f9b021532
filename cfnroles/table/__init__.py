"""The tables: what ECS does if a field is set (``ecs``), and the grants of an application (``words``)."""
