// A home with a live model of its own, real ONNX through the deployment of a host, and no training.
import { join } from 'node:path';
import { buildConfig } from '../../../src/app/host/config.ts';
import { openHost } from '../../../src/app/host/host.ts';
import type { Home } from '../../../src/core/index.ts';
import { buildUpload } from './held-out.ts';

/** Makes one live, the only one of its home. Resolves with the path of its file. */
export async function deployThresholds(home: Home): Promise<string> {
  await using host = await openHost(home, buildConfig({ baseline: false }));
  const upload = buildUpload(host.spec, { 1: 60, 3: 30 }, null);
  const { name, version } = await host.deploy({ ...upload, activate: true });
  return join(home.models, name, version, 'model.onnx');
}
