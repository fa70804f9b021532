resource "aws_secretsmanager_secret" "token" {
  name = "web/token"
}

module "execution_role" {
  source = "./execution-role"

  service_name = "web"
  secrets_arns = [aws_secretsmanager_secret.token.arn]
}

resource "aws_ecs_task_definition" "web" {
  family             = "web"
  execution_role_arn = module.execution_role.arn

  container_definitions = jsonencode([{
    name    = "web"
    image   = "123456789012.dkr.ecr.us-east-1.amazonaws.com/web:1.4.2"
    memory  = 128
    secrets = [{ name = "TOKEN", valueFrom = aws_secretsmanager_secret.token.arn }]
  }])
}

output "web_execution_role_name" {
  value = module.execution_role.name
}
