resource "aws_s3_bucket" "uploads" {
  bucket = "my-app-uploads"
}

resource "aws_dynamodb_table" "orders" {
  name         = "orders"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"

  attribute {
    name = "id"
    type = "S"
  }
}

locals {
  worker = jsondecode(file("${path.module}/worker.json"))
}

resource "aws_ecs_task_definition" "worker" {
  family                = local.worker.family
  container_definitions = jsonencode(local.worker.containerDefinitions)
  execution_role_arn    = local.worker_execution_role_arn
  task_role_arn         = local.worker_task_role_arn
}
