data "aws_region" "current" {}

resource "aws_cloudwatch_log_group" "api" {
  name              = "/ecs/api"
  retention_in_days = 30
}

resource "aws_ecs_task_definition" "api" {
  family             = "api"
  execution_role_arn = local.api_execution_role_arn
  task_role_arn      = local.api_task_role_arn

  container_definitions = jsonencode([{
    name   = "api"
    image  = "nginx:1.29"
    memory = 128
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.api.name
        awslogs-region        = data.aws_region.current.id
        awslogs-stream-prefix = "api"
      }
    }
  }])
}
