// Rows into a table of PostgreSQL by COPY, in one transaction: all of them or none, also when this process is killed.
// Writing text from columns costs JavaScript about a microsecond a value; the server's side costs as much again.
import { once } from 'node:events';
import { from as copyFrom } from 'pg-copy-streams';
import type { CopyStreamQuery } from 'pg-copy-streams';
import type pg from 'pg';
import type * as arrow from 'apache-arrow';
import { RuvectorError } from '../../core/index.ts';
import type { Batch, Sink } from '../contract.ts';
import { tableError, unwritableColumnError } from './errors.ts';
import { isReadable } from './column-reader.ts';
import {
  describePostgres,
  destroyConnection,
  openPostgres,
  quoteName,
  quoteTable,
} from './postgres-client.ts';
import type { PostgresAddress } from './postgres-client.ts';
import { buildPostgresDdl, createRowText } from './postgres-text.ts';

/** Where rows go. */
export interface PostgresSinkOptions extends PostgresAddress {
  /** `samples` or `schema.samples`. */
  readonly table: string;
  /** Makes the table when it is missing. @default false */
  readonly create?: boolean;
  /** Removes the rows that the table has, in the same transaction. @default false */
  readonly replace?: boolean;
}

/** Text that is handed to the socket at once. */
const CHUNK_CHARACTERS = 2 ** 17;

/** Connects and begins. @throws RuvectorError `ERR_PIPELINE_CONNECTION`, `ERR_PIPELINE_TABLE` */
export async function openPostgresSink(options: PostgresSinkOptions): Promise<Sink> {
  const client = await openPostgres(options);
  const sink = new PostgresSink(client, options);
  await client.query('BEGIN');
  return sink;
}

class PostgresSink implements Sink {
  readonly isAtomic = true;
  readonly #client: pg.Client;
  readonly #options: PostgresSinkOptions;
  readonly #what: string;
  readonly #table: string;
  #copy: CopyStreamQuery | null = null;
  /** Rejects when the server refuses what it was given. */
  readonly #refused = Promise.withResolvers<never>();

  constructor(client: pg.Client, options: PostgresSinkOptions) {
    this.#client = client;
    this.#options = options;
    this.#table = quoteTable(options.table);
    this.#what = `table "${options.table}" of ${describePostgres(client)}`;
    this.#refused.promise.catch(() => {});
    client.once('end', () => this.#refused.reject(new Error('the connection was lost')));
  }

  async consume(batch: Batch): Promise<void> {
    this.#copy ??= await this.#ask(this.#start(batch.schema));
    const textOf = createRowText(batch);
    let chunk = '';
    for (let row = 0; row < batch.numRows; row++) {
      chunk += textOf(row);
      if (chunk.length < CHUNK_CHARACTERS && row < batch.numRows - 1) continue;
      await this.#ask(this.#write(chunk));
      chunk = '';
    }
  }

  async #start(schema: arrow.Schema): Promise<CopyStreamQuery> {
    const bad = schema.fields.filter(({ type }) => !isReadable(type));
    if (bad.length > 0) throw unwritableColumnError(this.#what, bad);
    if (this.#options.create === true) await this.#client.query(buildPostgresDdl(this.#table, schema));
    await this.#removeRows();
    const columns = schema.fields.map(({ name }) => quoteName(name)).join();
    const copy = this.#client.query(copyFrom(`COPY ${this.#table} (${columns}) FROM STDIN`));
    copy.on('error', (error) => this.#refused.reject(error));
    return copy;
  }

  async #removeRows(): Promise<void> {
    if (this.#options.replace === true) await this.#client.query(`DELETE FROM ${this.#table}`);
  }

  #write(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#copy!.write(text, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** What makes rows last is the commit at the end. */
  async flush(): Promise<void> {}

  memoryUsage(): number {
    return this.#copy?.writableLength ?? 0;
  }

  async finish(): Promise<void> {
    if (this.#copy) {
      const finished = once(this.#copy, 'finish');
      this.#copy.end();
      await this.#ask(finished);
    } else {
      // No row came; what was there goes all the same.
      await this.#ask(this.#removeRows());
    }
    await this.#ask(this.#client.query('COMMIT'));
    await this.#client.end();
  }

  async abort(): Promise<void> {
    // The server rolls back what was not committed when it loses the connection.
    destroyConnection(this.#client);
  }

  async #ask<T>(answer: Promise<T>): Promise<T> {
    try {
      return await Promise.race([answer, this.#refused.promise]);
    } catch (cause) {
      throw cause instanceof RuvectorError ? cause : tableError(this.#what, cause);
    }
  }
}
