"""From a text of Amazon ECS, its agent, a log or a terminal to its meaning. Independent of task definitions."""
