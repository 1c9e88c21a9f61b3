// Real and hostile model packages for tests and benchmarks, made once by make-models.py and kept in the
// temporary directory under the hash of the script.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ManifestDraft, ModelDraft } from '../../../src/models/index.ts';
import { sha256Of } from '../../../src/core/index.ts';
import { python } from '../python.ts';

const root = join(import.meta.dirname, '../../..');
const script = join(import.meta.dirname, 'make-models.py');

/** Makes the packages when they are not there yet and returns their directory. */
export async function makeModels(): Promise<string> {
  const lock = await readFile(join(root, 'python/requirements.txt'), 'utf8');
  const target = join(
    tmpdir(),
    `ruvector-models-${sha256Of((await readFile(script, 'utf8')) + lock).slice(0, 16)}`,
  );
  if (await isDirectory(target)) return target;
  const staging = await mkdtemp(join(tmpdir(), 'ruvector-models-'));
  try {
    await promisify(execFile)(python, [script, staging]);
    await rename(staging, target);
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    // Another test file made them meanwhile.
    if (!(await isDirectory(target))) throw error;
  }
  return target;
}

/** Reads one package as a draft for `registry.add`. */
export async function readDraft(
  models: string,
  kind: string,
): Promise<ModelDraft & { readonly manifest: ManifestDraft }> {
  const file = (name: string): Promise<Buffer> => readFile(join(models, kind, name));
  const manifest = JSON.parse((await file('manifest.json')).toString()) as ManifestDraft;
  return {
    name: manifest.name,
    manifest,
    model: new Uint8Array(await file('model.onnx')),
    golden: new Uint8Array(await file('golden.arrow')),
  };
}

/** The draft with other model bytes and a manifest that vouches for them: damage nobody reported. */
export function withModel(draft: ModelDraft & { manifest: ManifestDraft }, model: Uint8Array): ModelDraft {
  const described = { ...draft.manifest.model, sha256: sha256Of(model), sizeBytes: model.length };
  return { ...draft, model, manifest: { ...draft.manifest, model: described } };
}

/**
 * A model with so many bytes more that every runtime reads over: a documentation string at its end
 * (`ModelProto.doc_string`, field 6).
 */
export function withPadding(
  model: Uint8Array,
  paddingBytes: number,
): { bytes: Uint8Array; described: { sha256: string; sizeBytes: number } } {
  const length: number[] = [];
  for (let rest = paddingBytes; rest > 0; rest = Math.floor(rest / 128)) {
    length.push((rest % 128) | (rest >= 128 ? 128 : 0));
  }
  const bytes = new Uint8Array(model.length + 1 + length.length + paddingBytes).fill(97);
  bytes.set(model);
  bytes.set([(6 << 3) | 2, ...length], model.length);
  return { bytes, described: { sha256: sha256Of(bytes), sizeBytes: bytes.length } };
}

/** What a host that computes the fixture's features demands. */
export function contractOf(manifest: ManifestDraft): { featureNames: string[]; featureSpecSha256: string } {
  return {
    featureNames: manifest.features.map((feature) => feature.name),
    featureSpecSha256: manifest.featureSpecSha256,
  };
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
