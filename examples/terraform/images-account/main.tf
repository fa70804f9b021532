resource "aws_ecr_repository" "web" {
  name = "team/web"
}

resource "aws_ecr_repository_policy" "web" {
  repository = aws_ecr_repository.web.name
  policy     = file("${path.module}/repository-policy.json")
}
