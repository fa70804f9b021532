"""From a text that Amazon ECS, its agent, a log or a terminal shows to what it says; knows no task definition."""
