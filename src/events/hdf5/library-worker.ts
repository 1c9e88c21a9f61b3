// Thread entry: one HDF5 file through libhdf5 (h5wasm) with its plugins. It is synchronous, which is why it has a thread.
import { parentPort, workerData } from 'node:worker_threads';
import { Dataset, File, Group, ready } from 'h5wasm/node';
import type { Metadata } from 'h5wasm/node';
import type { Hdf5Type } from './file/datatype.ts';
import type { Hdf5DatasetFacts } from './hdf5-file.ts';
import type { LibraryAnswer, LibraryAnswers, LibraryQuestion } from './library-messages.ts';
import { findPlugins } from './plugins.ts';

const port = parentPort!;
const library = ready.then((module) => {
  // Its own install_local_plugins() takes a URL for a path: a blank in it would hide them.
  module.insert_plugin_search_path(findPlugins(), 0);
  // Its errors come as exceptions; else they go to standard error and what it returns says little.
  module.activate_throwing_error_handler();
  // Read only: nothing locks the file, on file systems that cannot either.
  return { module, file: new File(workerData as string, 'r') };
});

let last: Promise<void> = Promise.resolve();
port.on('message', (message: { id: number; question: LibraryQuestion }) => {
  last = last.then(() => answer(message));
});

async function answer({ id, question }: { id: number; question: LibraryQuestion }): Promise<void> {
  try {
    const value = await ask(question);
    const transfer = value instanceof Uint8Array ? [value.buffer as ArrayBuffer] : [];
    port.postMessage({ id, value } satisfies LibraryAnswer, transfer);
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    port.postMessage({ id, failure } satisfies LibraryAnswer);
  }
}

async function ask(question: LibraryQuestion): Promise<LibraryAnswers[keyof LibraryAnswers]> {
  const { module, file } = await library;
  if (question.kind === 'attributes') {
    const found = find(file, question.path);
    return found && readAttributes(found);
  }
  const found = find(file, question.path);
  if (!(found instanceof Dataset)) return null;
  return question.kind === 'dataset' ? describe(found, question.path) : readRows(module, found, question);
}

function find(file: File, path: string): Dataset | Group | null {
  const found = file.get(path);
  return found instanceof Dataset || found instanceof Group ? found : null;
}

function readAttributes(found: Dataset | Group): Map<string, number | string> {
  const attributes = new Map<string, number | string>();
  for (const [name, attribute] of Object.entries(found.attrs)) {
    const { value } = attribute;
    if (typeof value === 'number' || typeof value === 'string') attributes.set(name, value);
    else if (typeof value === 'bigint') attributes.set(name, Number(value));
  }
  return attributes;
}

function describe(dataset: Dataset, path: string): Hdf5DatasetFacts {
  const { metadata } = dataset;
  return {
    path,
    dimensions: metadata.shape ?? [0],
    type: withoutOrder(typeOf(metadata)),
    chunkRows: metadata.chunks?.[0] ?? null,
    filters: dataset.filters.map(({ id, name, cd_values }) => ({ id, name, parameters: cd_values })),
    attributes: readAttributes(dataset),
  };
}

/** Classes of types, by the numbers of libhdf5. */
const classes = { integer: 0, float: 1, text: 3, bits: 4, compound: 6, enumeration: 8, variable: 9 };

function typeOf(metadata: Metadata): Hdf5Type {
  const { type, size: sizeBytes, signed: isSigned, littleEndian } = metadata;
  const isBigEndian = !littleEndian;
  switch (type) {
    case classes.integer:
    case classes.bits:
      return { kind: 'integer', sizeBytes, isSigned, isBigEndian };
    case classes.float:
      return { kind: 'float', sizeBytes, isSigned: true, isBigEndian };
    case classes.enumeration:
      return { kind: 'integer', sizeBytes, isSigned: true, isBigEndian };
    case classes.compound: {
      const members = metadata.compound_type?.members ?? [];
      const fields = members.map((member) => ({
        name: member.name,
        offset: member.offset,
        type: typeOf(member),
      }));
      return { kind: 'compound', sizeBytes, fields };
    }
    case classes.text:
      return { kind: metadata.vlen ? 'variable-text' : 'text', sizeBytes };
    default:
      return { kind: 'other', sizeBytes };
  }
}

/** h5wasm gives numbers little-endian, whatever the file has; fields of compound types stay as they are. */
const withoutOrder = (type: Hdf5Type): Hdf5Type =>
  type.kind === 'integer' || type.kind === 'float' ? { ...type, isBigEndian: false } : type;

type LibraryModule = Awaited<typeof ready>;

/** The bytes as they are in the file's type: libhdf5's own values would be an object for each event. */
function readRows(
  module: LibraryModule,
  dataset: Dataset,
  { start, count }: { readonly start: number; readonly count: number },
): Uint8Array {
  const { shape, size } = dataset.metadata;
  const [, ...others] = shape ?? [];
  const counts = [count, ...others].map(BigInt);
  const offsets = [start, ...others.map(() => 0)].map(BigInt);
  const steps = counts.map(() => 1n);
  const sizeBytes = others.reduce((product, length) => product * length, count * size);
  const place = module._malloc(sizeBytes);
  try {
    const { file_id: file, path } = dataset;
    const isScalar = (shape ?? []).length === 0;
    const status = module.get_dataset_data(
      file,
      path,
      isScalar ? null : counts,
      isScalar ? null : offsets,
      isScalar ? null : steps,
      BigInt(place),
    );
    if (status < 0) throw new Error(`status ${status}`);
    return module.HEAPU8.slice(place, place + sizeBytes);
  } finally {
    module._free(place);
  }
}
