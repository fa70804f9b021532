// The services of benchmarks/spec.py as an app of the AWS CDK: a stack for each, with the same secrets, logs and grants.
// SERVICES tells how many.
const cdk = require('aws-cdk-lib');
const ecr = require('aws-cdk-lib/aws-ecr');
const ecs = require('aws-cdk-lib/aws-ecs');
const logs = require('aws-cdk-lib/aws-logs');
const secretsmanager = require('aws-cdk-lib/aws-secretsmanager');
const sns = require('aws-cdk-lib/aws-sns');
const sqs = require('aws-cdk-lib/aws-sqs');

const app = new cdk.App();
const env = { account: '123456789012', region: 'us-east-1' };
const arn = (service, resource) => `arn:aws:${service}:us-east-1:123456789012:${resource}`;

for (let number = 0; number < Number(process.env.SERVICES); number += 1) {
  const name = `s${number}`;
  const stack = new cdk.Stack(app, name, { env });
  const task = new ecs.FargateTaskDefinition(stack, 'Task', { family: name });
  const secret = (each) => ecs.Secret.fromSecretsManager(
    secretsmanager.Secret.fromSecretCompleteArn(stack, `S${each}`, arn('secretsmanager', `secret:many/${number}-${each}-AbCdEf`)));
  const logGroup = new logs.LogGroup(stack, 'Logs', { logGroupName: `/many/${name}`, retention: logs.RetentionDays.ONE_MONTH });
  task.addContainer('main', {
    image: ecs.ContainerImage.fromEcrRepository(ecr.Repository.fromRepositoryName(stack, 'Image', `many/${name}`), '1'),
    secrets: { S0: secret(0), S1: secret(1), S2: secret(2) },
    logging: ecs.LogDrivers.awsLogs({ logGroup, streamPrefix: 'main' }),
  });
  sqs.Queue.fromQueueArn(stack, 'Queue', arn('sqs', `q${number}`)).grantConsumeMessages(task.taskRole);
  sns.Topic.fromTopicArn(stack, 'Topic', arn('sns', `t${number}`)).grantPublish(task.taskRole);
}
app.synth();
