"""The template from which the examples of the checks on roles are derived."""

from __future__ import annotations

TEMPLATE = """\
Resources:
  ExecutionRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              Service: {principal}
            Action: sts:AssumeRole
{permissions}
  TaskDefinition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt ExecutionRole.Arn
      ContainerDefinitions:
        - Name: web
          Image: public.ecr.aws/docker/library/nginx:1.27
          EnvironmentFiles:
            - Type: s3
              Value: arn:aws:s3:::shop-config/web.env
"""
POLICY = """\
      Policies:
        - PolicyName: ReadConfiguration
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: s3:GetObject
                Resource: arn:aws:s3:::shop-config/web.env
              - Effect: Allow
                Action: s3:GetBucketLocation
                Resource: arn:aws:s3:::shop-config"""
SECRETS = (
    POLICY
    + """
              - Effect: Allow
                Action: secretsmanager:GetSecretValue
                Resource: "{}\""""
)
MORE = (
    POLICY
    + """
              - Effect: Allow
                Action: {}
                Resource: "{}\""""
)
MANAGED = (
    POLICY
    + """
      ManagedPolicyArns:
        - arn:aws:iam::aws:policy/{}"""
)
GOOD = TEMPLATE.format(principal="ecs-tasks.amazonaws.com", permissions=POLICY)
