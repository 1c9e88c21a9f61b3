// The files of offered models in JetStream's object store, each under its hash. What is there may have been cut short or
// purged: a file is read whole and as its hash says, or is none, and reading ends.
import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import type { ObjectStore } from '@nats-io/obj';
import { sha256Of } from '../../core/index.ts';
import type { OfferedFile } from './offer.ts';

/** Where files lie. */
export interface ModelFiles {
  readonly store: ObjectStore;
  readonly connection: NatsConnection;
  /** How long the next bytes of a file are waited for. */
  readonly stallMs: number;
}

/** A file that the object store does not have, or not as its hash says: null. @throws what ended the connection */
export async function readModelFile(
  { store, connection, stallMs }: ModelFiles,
  { sha256, sizeBytes }: Pick<OfferedFile, 'sha256' | 'sizeBytes'>,
): Promise<Uint8Array | null> {
  const found = await store.get(sha256);
  if (found === null) return null;
  // The stream of bytes says the same.
  found.error.catch(() => undefined);
  const reader = found.data.getReader();
  try {
    if (found.info.size !== sizeBytes) return null;
    const parts: Uint8Array[] = [];
    for (;;) {
      // The store's client waits for ever for bytes that are gone.
      const part = await withinMs(reader.read(), stallMs);
      if (part === null) break;
      if (part.done) {
        const bytes = Buffer.concat(parts);
        return bytes.length === sizeBytes && sha256Of(bytes) === sha256 ? bytes : null;
      }
      parts.push(part.value);
    }
  } catch (error) {
    if (connection.isClosed()) throw error;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
  // A server that is away has not lost anything.
  if ((await withinMs(connection.rtt(), stallMs)) === null) throw new Error('the server does not answer');
  return null;
}

/** Puts a file under its hash, unless it is there whole. @returns its hash */
export async function putModelFile(files: ModelFiles, bytes: Uint8Array): Promise<string> {
  const sha256 = sha256Of(bytes);
  if ((await readModelFile(files, { sha256, sizeBytes: bytes.length })) === null)
    await files.store.putBlob({ name: sha256 }, bytes);
  return sha256;
}

/** Null when it is not there in time. */
async function withinMs<T>(promise: Promise<T>, ms: number): Promise<T | null> {
  const over = new AbortController();
  const late = sleep(ms, null, { signal: over.signal }).catch(() => null);
  return Promise.race([promise, late]).finally(() => over.abort());
}
