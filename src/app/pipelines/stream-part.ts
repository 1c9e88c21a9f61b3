// A live stream of this product as a source, through its own client: any transport and format; a lost connection is
// made again, and each record comes once.
import { buildRecordBatch, toArrowSchema } from '../../core/index.ts';
import type { AnyRow } from '../../core/index.ts';
import { defineSource, limitOptions } from '../../pipeline/index.ts';
import type { Batch, Source, SourceEntry } from '../../pipeline/index.ts';
import { openDataStream, parseFilter, publishedKinds, streamFormats } from '../../stream/index.ts';
import type { StreamTable } from '../../stream/index.ts';
import { tableOption } from './table-option.ts';

/** A batch that is not full waits so long for more rows. */
const LINGER_MS = 100;

export const streamSource: SourceEntry = defineSource({
  name: 'stream',
  about: 'a live stream of `serve --stream` or `export --stream`, from now on',
  options: {
    endpoint: {
      type: 'text',
      about: '`ws://host:port`, `tcp://host:port`, `ipc:///path` or `pipe:/path`',
      example: 'ws://127.0.0.1:9999',
    },
    table: tableOption,
    format: {
      type: 'choice',
      choices: streamFormats,
      default: 'jsonlines',
      about: 'how it travels',
      example: 'arrow',
    },
    filters: {
      type: 'names',
      defaultText: 'none',
      wanted: 'a list of conditions like used_percent>90',
      about: 'conditions that all hold',
      example: ['used_percent>90'],
    },
    token: { type: 'text', defaultText: 'none', about: 'what the stream asks for', example: 'secret' },
    ...limitOptions,
  },
  required: ['endpoint'],
  create: ({ endpoint, table, format, filters = [], token, rows, forMs }) => ({
    name: `stream ${table}`,
    open: async () => {
      const stop = new AbortController();
      const stream = openDataStream(endpoint, {
        format,
        signal:
          forMs === undefined ? stop.signal : AbortSignal.any([stop.signal, AbortSignal.timeout(forMs)]),
        ...(token !== undefined && { token }),
      });
      const request = { filters: filters.map(parseFilter) };
      const subscribe = {
        memory: () => stream.subscribeMemory(request),
        process: () => stream.subscribeProcesses(request),
        optimization: () => stream.subscribeOptimizations(request),
      } satisfies Record<StreamTable, () => AsyncIterable<unknown>>;
      return openRowSource(table, subscribe[table]() as AsyncIterable<AnyRow>, rows, () => stop.abort());
    },
  }),
});

function openRowSource(
  table: StreamTable,
  rows: AsyncIterable<AnyRow>,
  limit: number | undefined,
  stop: () => void,
): Source {
  // A stream may leave any column out.
  const published = publishedKinds[table];
  const kind = { ...published, fields: published.fields.map((field) => ({ ...field, nullable: true })) };
  const iterator = rows[Symbol.asyncIterator]();
  let left = limit ?? Infinity;
  let next: Promise<IteratorResult<AnyRow>> | null = null;
  const take = (): Promise<IteratorResult<AnyRow>> => (next ??= iterator.next());
  return {
    schema: toArrowSchema(kind),
    nextBatch: async (maxRows, signal): Promise<Batch | null> => {
      const collected: AnyRow[] = [];
      const wanted = Math.min(maxRows, left);
      let lingerMs = Infinity;
      while (collected.length < wanted) {
        const startMs = performance.now();
        const row = await within(take(), lingerMs, signal);
        if (row === null) break;
        next = null;
        if (row.done === true) break;
        collected.push(row.value);
        lingerMs = Math.min(lingerMs, LINGER_MS) - (collected.length > 1 ? performance.now() - startMs : 0);
      }
      left -= collected.length;
      return collected.length === 0 ? null : buildRecordBatch(kind, collected);
    },
    sizeHint: () => null,
    memoryUsage: () => 0,
    close: async () => {
      stop();
      await iterator.return?.();
    },
  };
}

/** What the promise gives, or null when it takes too long. @throws the signal's reason */
async function within<T>(promise: Promise<T>, ms: number, signal: AbortSignal): Promise<T | null> {
  signal.throwIfAborted();
  const { promise: ended, resolve, reject } = Promise.withResolvers<null>();
  const timer = Number.isFinite(ms) ? setTimeout(() => resolve(null), Math.max(0, ms)) : undefined;
  const abort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, ended]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}
