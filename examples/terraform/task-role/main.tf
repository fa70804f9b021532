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

resource "aws_ecs_task_definition" "worker" {
  family             = "worker"
  execution_role_arn = local.worker_execution_role_arn
  task_role_arn      = local.worker_task_role_arn

  container_definitions = jsonencode([{
    name   = "worker"
    image  = "nginx:1.29"
    memory = 128
  }])
}

resource "aws_iam_role_policy" "worker" {
  name = "Application"
  role = aws_iam_role.worker_task.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject"]
        Resource = "${aws_s3_bucket.uploads.arn}/*"
      },
      {
        Effect   = "Allow"
        Action   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"]
        Resource = aws_dynamodb_table.orders.arn
      },
    ]
  })
}
