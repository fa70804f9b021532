// An app of several stacks, one of which is nested: secrets, a bucket, roles and a service are shared between them.
// docs/cdk.md has what `cfnroles verify cdk.out` makes of it.
const cdk = require('aws-cdk-lib');
const ec2 = require('aws-cdk-lib/aws-ec2');
const ecr = require('aws-cdk-lib/aws-ecr');
const ecs = require('aws-cdk-lib/aws-ecs');
const iam = require('aws-cdk-lib/aws-iam');
const kms = require('aws-cdk-lib/aws-kms');
const s3 = require('aws-cdk-lib/aws-s3');
const secretsmanager = require('aws-cdk-lib/aws-secretsmanager');

const app = new cdk.App({ outdir: process.env.CDK_OUTDIR ?? 'cdk.out', context: { 'aws:cdk:enable-path-metadata': true } });
const env = { account: '111122223333', region: 'eu-west-1' };
const base = new cdk.Stack(app, 'Base', { env });
const web = new cdk.Stack(app, 'Web', { env });
const run = new cdk.Stack(app, 'Run', { env });
const inner = new cdk.NestedStack(web, 'Inner');
const nginx = ecs.ContainerImage.fromRegistry('public.ecr.aws/nginx/nginx:1.27');

function task(stack, id, container = {}, properties = {}) {
  const definition = new ecs.FargateTaskDefinition(stack, id, { cpu: 256, memoryLimitMiB: 512, ...properties });
  definition.addContainer('web', { image: nginx, ...container });
  return definition;
}

const secrets = (secret) => ({ secrets: { SECRET: ecs.Secret.fromSecretsManager(secret) } });
const open = new secretsmanager.Secret(base, 'Open');
// With `encryptionKey` the key would refer to the roles of the other stack, and the CDK refuses that circle.
const locked = new secretsmanager.Secret(base, 'Locked');
locked.node.defaultChild.kmsKeyId = new kms.Key(base, 'Key').keyArn;
const files = new s3.Bucket(base, 'Files');
const role = new iam.Role(base, 'Shared', { assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com') });

task(web, 'Locked', secrets(locked));
task(web, 'Repo', { image: ecs.ContainerImage.fromEcrRepository(new ecr.Repository(base, 'Images'), '1') });
task(web, 'File', { environmentFiles: [ecs.EnvironmentFile.fromBucket(files, 'web.env')] });
task(base, 'Home', {}, { executionRole: role });
task(web, 'Away', secrets(open), { executionRole: role });
task(inner, 'Inside', secrets(new secretsmanager.Secret(web, 'Own')));
task(web, 'Outside', secrets(new secretsmanager.Secret(inner, 'Made')));

const vpc = ec2.Vpc.fromVpcAttributes(run, 'Vpc', {
  vpcId: 'vpc-0123456789abcdef0',
  availabilityZones: ['eu-west-1a'],
  publicSubnetIds: ['subnet-0123456789abcdef0'],
});
new ecs.FargateService(run, 'Service', {
  cluster: new ecs.Cluster(run, 'Cluster', { vpc }),
  taskDefinition: task(base, 'Served'),
  enableExecuteCommand: true,
  assignPublicIp: true,
});
app.synth();
