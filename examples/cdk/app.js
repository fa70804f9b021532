// Task definitions as people write them with the AWS CDK, one for each thing that a task may use. docs/cdk.md has what
// `cfnroles verify cdk.out` says of the roles that the CDK gives them.
const cdk = require('aws-cdk-lib');
const ec2 = require('aws-cdk-lib/aws-ec2');
const ecr = require('aws-cdk-lib/aws-ecr');
const ecs = require('aws-cdk-lib/aws-ecs');
const efs = require('aws-cdk-lib/aws-efs');
const kms = require('aws-cdk-lib/aws-kms');
const s3 = require('aws-cdk-lib/aws-s3');
const secretsmanager = require('aws-cdk-lib/aws-secretsmanager');
const ssm = require('aws-cdk-lib/aws-ssm');

// `cdk synth` writes the paths of constructs by itself; `node app.js` is told to. With the zones it asks no account.
const context = {
  'aws:cdk:enable-path-metadata': true,
  'availability-zones:account=111122223333:region=eu-west-1': ['eu-west-1a'],
};
const app = new cdk.App({ outdir: process.env.CDK_OUTDIR ?? 'cdk.out', context });
const env = { account: '111122223333', region: 'eu-west-1' };
const shop = new cdk.Stack(app, 'Shop', { env });
const nginx = ecs.ContainerImage.fromRegistry('public.ecr.aws/nginx/nginx:1.27');

function task(id, container = {}, stack = shop) {
  const definition = new ecs.FargateTaskDefinition(stack, id, { cpu: 256, memoryLimitMiB: 512 });
  definition.addContainer('web', { image: nginx, ...container });
  return definition;
}

const database = new secretsmanager.Secret(shop, 'Database');
const locked = new secretsmanager.Secret(shop, 'Locked', { encryptionKey: new kms.Key(shop, 'Key'), secretName: 'shop/locked' });
const imported = secretsmanager.Secret.fromSecretAttributes(shop, 'Imported', {
  secretCompleteArn: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/api-AbCdEf',
  encryptionKey: kms.Key.fromKeyArn(shop, 'ImportedKey',
    'arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555'),
});
const parameter = ssm.StringParameter.fromSecureStringParameterAttributes(shop, 'P', { parameterName: '/shop/p' });
const files = new s3.Bucket(shop, 'Files');

task('Plain');
task('OwnSecret', {
  secrets: { DB: ecs.Secret.fromSecretsManager(database) },
  logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'web' }),
});
task('LockedSecret', { secrets: { DB: ecs.Secret.fromSecretsManager(locked, 'password') } });
task('ImportedSecret', { secrets: { API: ecs.Secret.fromSecretsManager(imported) } });
task('Param', { secrets: { P: ecs.Secret.fromSsmParameter(parameter) } });
task('EnvFile', { environmentFiles: [ecs.EnvironmentFile.fromBucket(files, 'web.env')] });
task('UriImage', { image: ecs.ContainerImage.fromRegistry('111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop:1') });
task('Repo', { image: ecs.ContainerImage.fromEcrRepository(new ecr.Repository(shop, 'R'), '1') });
task('GenericLog', {
  logging: new ecs.GenericLogDriver({
    logDriver: 'awslogs',
    options: { 'awslogs-group': '/shop/web', 'awslogs-region': 'eu-west-1', 'awslogs-stream-prefix': 'web' },
  }),
});

const vpc = new ec2.Vpc(shop, 'Vpc', { availabilityZones: ['eu-west-1a'], natGateways: 0 });
const disk = new efs.FileSystem(shop, 'Fs', { vpc });
task('Efs').addVolume({
  name: 'v',
  efsVolumeConfiguration: {
    fileSystemId: disk.fileSystemId,
    transitEncryption: 'ENABLED',
    authorizationConfig: { accessPointId: disk.addAccessPoint('Ap').accessPointId, iam: 'ENABLED' },
  },
});
new ecs.FargateService(shop, 'Svc', {
  cluster: new ecs.Cluster(shop, 'C', { vpc }),
  taskDefinition: task('Exec'),
  enableExecuteCommand: true,
  assignPublicIp: true,
});

const prod = new cdk.Stage(app, 'Prod', { env });
task('T', {}, new cdk.Stack(prod, 'Other'));
app.synth();
