// A client of a language server on a child's stdin and stdout: framing and matching of answers, nothing of
// what is said. https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/
import { spawn } from 'node:child_process';
import type { Json } from './lsp-types.ts';

/** A running language server. */
export interface LspClient {
  /** Resolves to the result; rejects when the server refuses, dies or is too slow. */
  request(method: string, params: Json, timeoutMs: number): Promise<unknown>;
  notify(method: string, params: Json): void;
  close(): void;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

interface LspMessage {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly items?: readonly unknown[] };
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/**
 * Starts a server.
 * @param settings answered to every section the server asks for
 * @param onExit called once when it has ended, however that happened
 */
export function startLsp(command: string, settings: Json, onExit: () => void): LspClient {
  const child = spawn(command, ['--lsp', '--stdio'], { stdio: ['pipe', 'pipe', 'ignore'] });
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let hasEnded = false;
  const end = (): void => {
    if (hasEnded) return;
    hasEnded = true;
    waiting.forEach((one) => one.reject(new Error('the language server ended')));
    waiting.clear();
    onExit();
  };
  const send = (message: Json): void => {
    if (hasEnded) return;
    const body = JSON.stringify({ jsonrpc: '2.0', ...message });
    child.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  };
  const receive = ({ id, method, params, result, error }: LspMessage): void => {
    if (id === undefined) return;
    if (method !== undefined) {
      send({ id, result: method === 'workspace/configuration' ? params?.items?.map(() => settings) : null });
      return;
    }
    if (error) waiting.get(id)?.reject(new Error(error.message));
    else waiting.get(id)?.resolve(result);
  };
  const read = createFrameReader((body) => receive(JSON.parse(body) as LspMessage));
  child.stdout.on('data', read);
  child.stdin.on('error', end);
  child.on('error', end);
  child.on('exit', end);
  child.unref();
  return {
    request: (method, params, timeoutMs) => {
      if (hasEnded) return Promise.reject(new Error('the language server ended'));
      const id = ++lastId;
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      waiting.set(id, { resolve, reject });
      const timer = setTimeout(() => {
        reject(new Error(`${method} took longer than ${timeoutMs} ms`));
        send({ method: '$/cancelRequest', params: { id } });
      }, timeoutMs);
      send({ id, method, params });
      return promise.finally(() => {
        clearTimeout(timer);
        waiting.delete(id);
      });
    },
    notify: (method, params) => send({ method, params }),
    close: () => {
      end();
      child.kill('SIGKILL');
    },
  };
}

/** Cuts a byte stream into message bodies. */
export function createFrameReader(onBody: (body: string) => void): (chunk: Buffer) => void {
  let bytes: Buffer = Buffer.alloc(0);
  return (chunk) => {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    for (;;) {
      const headerEnd = bytes.indexOf('\r\n\r\n');
      if (headerEnd < 0) return;
      const header = bytes.subarray(0, headerEnd).toString('latin1');
      const length = Number(/content-length: (\d+)/i.exec(header)?.[1] ?? 0);
      const end = headerEnd + 4 + length;
      if (bytes.length < end) return;
      onBody(bytes.subarray(headerEnd + 4, end).toString());
      bytes = bytes.subarray(end);
    }
  };
}
