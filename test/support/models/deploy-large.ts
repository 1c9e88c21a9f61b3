// Child process: deploys a model of so many MiB over the bridge, as a trainer does; an argument "live" forces it
// live. Prints the answer as JSON. node deploy-large.ts BRIDGE_FILE MIB [live]
import { connectDaemon } from '../../../src/bridge/index.ts';
import { buildFeatureSpec } from '../../../src/prepare/index.ts';
import { buildUpload } from './held-out.ts';
import { withPadding } from './models.ts';

const [bridgeFile = '', mib = '', live = ''] = process.argv.slice(2);
const spec = buildFeatureSpec({ intervalMs: 1000 });
const { model, golden, manifest } = buildUpload(spec, { 1: 60, 3: 30 }, null);
const { bytes, described } = withPadding(model, Number(mib) * 2 ** 20);
await using client = await connectDaemon(bridgeFile);
const { result } = await client.request(
  'model.deploy',
  {
    manifest: { ...manifest, model: { ...(manifest['model'] as object), ...described } },
    activate: live === 'live',
  },
  { attachments: [bytes, golden] },
);
process.stdout.write(`${JSON.stringify(result)}\n`);
