"""The tables: what ECS does when a field is set (``ecs``), and words for what an application may do (``words``)."""
