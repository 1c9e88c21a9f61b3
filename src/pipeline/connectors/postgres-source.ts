// The rows of a query of PostgreSQL. It is read by COPY in its binary form, so that memory stays bounded however many
// rows there are and values become columns without rows in between; types that have no form in Arrow come as text.
// One statement, so one snapshot. A reader that does not ask stops the server by TCP.
import type { CopyToStreamQuery } from 'pg-copy-streams';
import { to as copyTo } from 'pg-copy-streams';
import type pg from 'pg';
import * as arrow from 'apache-arrow';
import { RuvectorError } from '../../core/index.ts';
import type { Batch, Source } from '../contract.ts';
import { duplicateColumnsError, queryError, sourceValueError } from './errors.ts';
import { finishBatch } from './column-builder.ts';
import { UnfitValue, createDecodedColumn, isDecoded } from './decode-postgres.ts';
import type { DecodedColumn, NumericAs } from './decode-postgres.ts';
import { cancelPostgres, describePostgres, openPostgres, quoteName } from './postgres-client.ts';
import type { PostgresAddress } from './postgres-client.ts';

/** What is read. */
export interface PostgresSourceOptions extends PostgresAddress {
  readonly query: string;
  /** How `numeric` comes. @default "float64" */
  readonly numeric?: NumericAs;
  /** The query gives its rows in the same order each time: a run that was killed can go on. @default false */
  readonly ordered?: boolean;
}

/** A batch ends here, also before its rows are full: rows may be wide. */
const BATCH_BYTES = 16 * 2 ** 20;
const SIGNATURE_BYTES = 11;
const HEADER_BYTES = SIGNATURE_BYTES + 8;

/**
 * Opens a query; it starts to run with the first batch.
 * @throws RuvectorError `ERR_PIPELINE_CONNECTION`, `ERR_PIPELINE_QUERY`, `ERR_PIPELINE_SCHEMA`
 */
export async function openPostgresSource(options: PostgresSourceOptions): Promise<Source> {
  const client = await openPostgres(options);
  try {
    await ask(client, options.query, client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY'));
    const query = options.query.trim().replace(/;\s*$/, '');
    const { fields } = await ask(
      client,
      options.query,
      client.query(`SELECT * FROM (${query}\n) AS asked LIMIT 0`),
    );
    const source = new PostgresSource(client, { ...options, query }, fields);
    return options.ordered === true ? Object.assign(source, { seek: source.skip.bind(source) }) : source;
  } catch (error) {
    await client.end();
    throw error;
  }
}

async function ask<T>(client: pg.Client, query: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    throw cause instanceof RuvectorError ? cause : queryError(describePostgres(client), query, cause);
  }
}

class PostgresSource implements Source {
  readonly schema: arrow.Schema;
  readonly #options: PostgresSourceOptions;
  readonly #where: string;
  readonly #columns: readonly DecodedColumn[];
  readonly #names: readonly string[];
  readonly #select: string;
  readonly #client: pg.Client;
  #offset = 0;
  #stream: CopyToStreamQuery | null = null;
  #error: Error | null = null;
  #isClosed = false;
  /** Bytes of the stream that are not decoded yet. */
  #rest: Buffer = Buffer.alloc(0);
  #at = 0;
  #isEnded = false;
  #rows = 0;

  constructor(client: pg.Client, options: PostgresSourceOptions, fields: readonly pg.FieldDef[]) {
    this.#client = client;
    this.#options = options;
    this.#where = describePostgres(client);
    this.#names = fields.map(({ name }) => name);
    const twice = this.#names.filter((name, i) => this.#names.indexOf(name) !== i);
    if (twice.length > 0) throw duplicateColumnsError(`query of ${this.#where}`, twice);
    this.#columns = fields.map(({ dataTypeID }) =>
      createDecodedColumn(dataTypeID, options.numeric ?? 'float64'),
    );
    this.#select = fields
      .map(({ name, dataTypeID }) => `${quoteName(name)}${isDecoded(dataTypeID) ? '' : '::text'}`)
      .join();
    this.schema = new arrow.Schema(
      this.#names.map((name, i) => new arrow.Field(name, this.#columns[i]!.builder.type, true)),
    );
  }

  async nextBatch(maxRows: number, signal: AbortSignal): Promise<Batch | null> {
    signal.throwIfAborted();
    this.#stream ??= this.#start();
    const builders = this.#columns.map(({ builder }) => builder);
    while (!this.#isEnded && this.#decode(maxRows)) await this.#readMore(signal);
    return (builders[0]?.length ?? 0) === 0 ? null : finishBatch(this.schema, builders);
  }

  #start(): CopyToStreamQuery {
    const { query } = this.#options;
    const offset = this.#offset > 0 ? ` OFFSET ${this.#offset}` : '';
    const sql = `COPY (SELECT ${this.#select} FROM (${query}\n) AS asked${offset}) TO STDOUT (FORMAT binary)`;
    const stream = this.#client.query(copyTo(sql));
    stream.on('error', (cause) => (this.#error = queryError(this.#where, query, cause)));
    this.#client.once('end', () => {
      if (!this.#isEnded && !this.#isClosed) {
        this.#error ??= queryError(this.#where, query, new Error('the connection was lost'));
        stream.emit('readable');
      }
    });
    return stream;
  }

  /** Decodes what is there; true when more bytes are needed. */
  #decode(maxRows: number): boolean {
    const first = this.#columns[0]!.builder;
    while (first.length < maxRows && this.#sizeBytes() < BATCH_BYTES) {
      if (this.#needed() > 0) return true;
      if (this.#rest.readInt16BE(this.#at) < 0) {
        this.#isEnded = true;
        return false;
      }
      this.#decodeTuple();
    }
    return false;
  }

  #sizeBytes(): number {
    let bytes = 0;
    for (const { builder } of this.#columns) bytes += builder.sizeBytes;
    return bytes;
  }

  /** How many bytes are missing from the next tuple, as far as can be seen; 0 when it is whole. */
  #needed(): number {
    const { length } = this.#rest;
    let at = this.#at + 2;
    if (at > length) return at - length;
    const fields = this.#rest.readInt16BE(this.#at);
    for (let i = 0; i < fields; i++) {
      at += 4;
      if (at > length) return at - length;
      const bytes = this.#rest.readInt32BE(at - 4);
      if (bytes > 0) at += bytes;
      if (at > length) return at - length;
    }
    return 0;
  }

  #decodeTuple(): void {
    this.#at += 2;
    this.#rows++;
    for (const [i, { builder, decode }] of this.#columns.entries()) {
      const bytes = this.#rest.readInt32BE(this.#at);
      this.#at += 4;
      if (bytes < 0) {
        builder.pushNull();
        continue;
      }
      try {
        decode(this.#rest, this.#at, this.#at + bytes);
      } catch (error) {
        if (!(error instanceof UnfitValue)) throw error;
        const row = this.#offset + this.#rows;
        throw sourceValueError(
          `query of ${this.#where}`,
          this.#names[i]!,
          row,
          error.message,
          String(builder.type as unknown),
        );
      }
      this.#at += bytes;
    }
  }

  /** Waits for as many bytes as the next tuple lacks: a value of a hundred megabytes is not joined a hundred times. */
  async #readMore(signal: AbortSignal): Promise<void> {
    const parts = [this.#rest.subarray(this.#at)];
    const isHeader = this.#rows === 0 && this.#rest.length === 0;
    let missing = isHeader ? HEADER_BYTES + 2 : this.#needed();
    while (missing > 0) {
      const part = await this.#readChunk(signal);
      parts.push(part);
      missing -= part.length;
    }
    this.#rest = parts.length === 2 && parts[0]!.length === 0 ? parts[1]! : Buffer.concat(parts);
    this.#at = isHeader ? HEADER_BYTES + this.#rest.readInt32BE(HEADER_BYTES - 4) : 0;
  }

  async #readChunk(signal: AbortSignal): Promise<Buffer> {
    const stream = this.#stream!;
    for (;;) {
      signal.throwIfAborted();
      if (this.#error) throw this.#error;
      const chunk = stream.read() as Buffer | null;
      if (chunk !== null) return chunk;
      await untilReadable(stream, signal);
    }
  }

  sizeHint(): null {
    return null;
  }

  memoryUsage(): number {
    return this.#rest.length - this.#at + this.#sizeBytes();
  }

  /** Of a source that is ordered its `seek`. */
  async skip(rows: number): Promise<void> {
    this.#offset = rows;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const isIdle = this.#stream === null || this.#isEnded || this.#error !== null;
    if (isIdle) await this.#client.end();
    else await cancelPostgres(this.#options, this.#client);
  }
}

function untilReadable(stream: CopyToStreamQuery, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const events = ['readable', 'end', 'error', 'close'];
  for (const event of events) stream.once(event, resolve);
  const stop = (): void => resolve();
  signal.addEventListener('abort', stop, { once: true });
  return promise.finally(() => {
    for (const event of events) stream.removeListener(event, resolve);
    signal.removeEventListener('abort', stop);
  });
}
