// The thread that runs a transform from a module; tinypool calls `runTask`. What user code throws goes back as data;
// only what no one can catch (an exit, an uncaught error, no more memory) ends the thread.
import { threadId } from 'node:worker_threads';
import { Tinypool } from 'tinypool';
import * as arrow from 'apache-arrow';
import { encodeSchema, systemCodeOf } from '../../core/index.ts';
import type { Batch, Transform } from '../contract.ts';
import { buildBatchReader, buildBatchWriter } from '../memory/batch-slots.ts';
import { attachSlab } from '../memory/slab.ts';
import type { Slab } from '../memory/slab.ts';
import { stampMs } from './worker-messages.ts';
import type {
  BatchReply,
  BatchTask,
  OpenReply,
  OpenTask,
  Parcel,
  WorkerFailure,
  WorkerReply,
  WorkerStart,
  WorkerTask,
} from './worker-messages.ts';

const start = Tinypool.workerData as WorkerStart;
const slab: Slab | null = start.slab && attachSlab(start.slab);
const reader = buildBatchReader();
const writer = buildBatchWriter();
/** Made once a thread; a module that fails fails each time. */
let loading: Promise<Transform> | null = null;

/** Does one task. */
export async function runTask(task: WorkerTask): Promise<unknown> {
  if (task.kind === 'batch') return runBatch(task);
  if (task.kind === 'open') return openTransform(task);
  await (await loading)?.close?.();
  loading = null;
  return { value: null };
}

async function loadTransform(): Promise<Transform> {
  const module = (await import(start.module)) as Readonly<Record<string, unknown>>;
  const factory = module[start.exportName];
  if (typeof factory !== 'function') {
    const known = Object.keys(module).map((name) => `"${name}"`);
    throw new TypeError(`it has no such function; it exports ${known.join(', ') || 'nothing'}`);
  }
  const made = (await (factory as (options: unknown) => unknown)(start.options)) as Partial<Transform> | null;
  const lacks = (['schema', 'transform', 'memoryUsage'] as const).filter(
    (name) => typeof made?.[name] !== 'function',
  );
  if (lacks.length > 0) throw new TypeError(`what it gives has no function ${lacks.join(', ')}`);
  return made as Transform;
}

async function openTransform({ lane, inputSchema }: OpenTask): Promise<WorkerReply<OpenReply>> {
  let stage: WorkerFailure['stage'] = 'load';
  try {
    const transform = await (loading ??= loadTransform());
    Atomics.store(start.startedAt, lane, stampMs());
    stage = 'schema';
    const output = transform.schema(arrow.RecordBatchReader.from([inputSchema]).open().schema);
    const value = {
      outputSchema: encodeSchema(output),
      isStateful: transform.reset !== undefined,
      hasClose: transform.close !== undefined,
    };
    return { value };
  } catch (error) {
    return { failure: describeFailure(stage, error, null) };
  }
}

async function runBatch(task: BatchTask): Promise<unknown> {
  const { place } = task.parcel;
  const returned = 'memory' in place ? place.memory : null;
  let stage: WorkerFailure['stage'] = 'load';
  try {
    const transform = await (loading ??= loadTransform());
    Atomics.store(start.startedAt, task.lane, stampMs());
    stage = 'transform';
    if (task.isReset) transform.reset?.();
    const input = readParcel(task.parcel, transform.reset !== undefined);
    const startMs = performance.now();
    const output = await transform.transform(input);
    const busyMs = performance.now() - startMs;
    const parcel = output && writeParcel(output, task.isShared);
    const heldBytes = transform.memoryUsage();
    const value: BatchReply = { parcel, returned, heldBytes, busyMs, threadId };
    return withMemory({ value }, memoryOf(parcel), returned);
  } catch (error) {
    return withMemory({ failure: describeFailure(stage, error, returned) }, null, returned);
  }
}

/** A transform that keeps something gets memory of its own: a slot belongs to others once the batch is done. */
function readParcel({ schemaBytes, sizeBytes, place }: Parcel, isOwn: boolean): Batch {
  const memory = 'slot' in place ? slab!.bytesOf(place.slot) : new Uint8Array(place.memory);
  const bytes = memory.subarray(0, sizeBytes);
  return reader.read(schemaBytes, isOwn ? bytes.slice() : bytes);
}

function writeParcel(batch: Batch, isShared: boolean): Parcel {
  const plan = writer.layOut(batch);
  const facts = { schemaBytes: writer.schemaBytesOf(batch), sizeBytes: plan.sizeBytes };
  const slot = isShared ? (slab?.tryTake(plan.sizeBytes) ?? null) : null;
  if (slot) {
    plan.writeTo(slot.bytes);
    return { ...facts, place: { slot: slot.ticket } };
  }
  const memory = new ArrayBuffer(plan.sizeBytes);
  plan.writeTo(new Uint8Array(memory));
  return { ...facts, place: { memory } };
}

const memoryOf = (parcel: Parcel | null): ArrayBuffer | null =>
  parcel && 'memory' in parcel.place ? parcel.place.memory : null;

/** An answer whose memory is transferred, not copied. */
function withMemory(reply: object, ...memory: (ArrayBuffer | null)[]): unknown {
  const transferable = memory.filter((each) => each !== null);
  return Tinypool.move({
    [Tinypool.transferableSymbol]: transferable,
    [Tinypool.valueSymbol]: reply,
  } as unknown as Parameters<typeof Tinypool.move>[0]);
}

function describeFailure(
  stage: WorkerFailure['stage'],
  error: unknown,
  returned: ArrayBuffer | null,
): WorkerFailure {
  const isError = error instanceof Error;
  return {
    stage,
    message: isError ? error.message : String(error),
    stack: isError ? (error.stack ?? null) : null,
    code: systemCodeOf(error) ?? null,
    returned,
  };
}
