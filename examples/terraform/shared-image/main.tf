resource "aws_ecs_task_definition" "web" {
  family             = "web"
  execution_role_arn = local.web_execution_role_arn
  task_role_arn      = local.web_task_role_arn

  container_definitions = jsonencode([{
    name   = "web"
    image  = "222222222222.dkr.ecr.us-east-1.amazonaws.com/team/web:1.4.2"
    memory = 128
  }])
}
