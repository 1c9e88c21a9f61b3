// A model that was offered to this host goes the way of every model: stored, verified, judged by the gate beside what is
// live, and made live if it passes, or as `--accept-models` says.
import { messageOf } from '../../core/index.ts';
import type { OfferedFiles, OfferedModels } from '../../fleet/index.ts';
import { refusedOfferError } from '../errors.ts';
import type { Host, ModelUpload } from '../host/host-types.ts';

/** What becomes of a model that verifies: the gate decides, it is only kept, or it goes live whatever it is worth. */
export const acceptRules = ['gate', 'store', 'always'] as const;
export type AcceptRule = (typeof acceptRules)[number];

const activateBy: Readonly<Record<AcceptRule, boolean | undefined>> = {
  gate: undefined,
  store: false,
  always: true,
};

type ModelsHost = Pick<Host, 'config' | 'models' | 'tasks' | 'registry' | 'deploy'>;

/** Builds what takes and leaves offered models. */
export function buildOfferedModels(host: ModelsHost, rule: AcceptRule): OfferedModels {
  return {
    async take(name, files) {
      const upload = buildUpload(name, files);
      const { version, isLive, reason } = await host.deploy({ ...upload, activate: activateBy[rule] });
      return { version, isLive, reason };
    },
    leave: (name, version) => leave(host, name, version),
    async findLive(name, modelSha256) {
      const version = await liveVersionOf(host, name);
      if (version === null) return null;
      const shown = await host.registry.show(version);
      return shown.manifest.model.sha256 === modelSha256 ? shown.version : null;
    },
  };
}

function buildUpload(name: string, files: OfferedFiles): ModelUpload {
  const [text, model, golden] = [files['manifest.json'], files['model.onnx'], files['golden.arrow']];
  if (!text || !model || !golden) throw refusedOfferError(name, 'files of its package are missing');
  return { manifest: parseManifest(name, text), model, golden, heldOut: files['heldout.arrow'] };
}

function parseManifest(name: string, text: Uint8Array): Record<string, unknown> {
  try {
    const manifest = JSON.parse(Buffer.from(text).toString()) as Record<string, unknown>;
    if (manifest['name'] === name) return manifest;
  } catch (error) {
    throw refusedOfferError(name, `its manifest is no JSON: ${messageOf(error)}`, error);
  }
  throw refusedOfferError(name, 'its manifest has another name');
}

const findSide = ({ config, models, tasks }: ModelsHost, name: string) =>
  name === config.modelName ? models : tasks.find(name);

/** `name@version`; null when none is live. */
async function liveVersionOf(host: ModelsHost, name: string): Promise<string | null> {
  const side = findSide(host, name);
  if (side) return side.liveVersion;
  const { live } = await host.registry.aliases(name);
  return live && `${name}@${live}`;
}

async function leave(host: ModelsHost, name: string, version: string): Promise<string> {
  const side = findSide(host, name);
  const live = await liveVersionOf(host, name);
  if (live !== `${name}@${version}`) return `it was withdrawn, and ${live ?? 'nothing'} is live already`;
  if (side) await side.rollback();
  else await host.registry.rollback(name);
  return 'it was withdrawn';
}
