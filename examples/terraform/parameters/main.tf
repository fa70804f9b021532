resource "aws_kms_key" "shop" {}

resource "aws_ssm_parameter" "flags" {
  name   = "/shop/flags"
  type   = "SecureString"
  key_id = aws_kms_key.shop.arn
  value  = "none"
}

resource "aws_ecs_task_definition" "shop" {
  family             = "shop"
  execution_role_arn = local.shop_execution_role_arn
  task_role_arn      = local.shop_task_role_arn

  container_definitions = jsonencode([{
    name   = "web"
    image  = "nginx:1.29"
    memory = 128
    secrets = [
      { name = "FLAGS", valueFrom = aws_ssm_parameter.flags.arn },
      { name = "LOG_LEVEL", valueFrom = "/shop/log-level" },
    ]
  }])
}
