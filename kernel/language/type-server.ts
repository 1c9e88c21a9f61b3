// The life of the language server: started, told what is open, started anew when it dies, ever more rarely.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startLsp } from './lsp-client.ts';
import type { LspClient } from './lsp-client.ts';
import type { Json } from './lsp-types.ts';

/** A language server that comes back. */
export interface TypeServer {
  /** Resolves to the server when it can be asked, to null when there is none now. */
  ready(): Promise<LspClient | null>;
  /** The server that knows the documents; null: none now, and the next one asks for them. */
  current(): LspClient | null;
  /** True once the libraries' types were read. */
  isWarm(): boolean;
  close(): void;
}

export interface TypeServerOptions {
  /** Path of the program; null: none. */
  readonly command: string | null;
  readonly directory: string;
  /** What a new server must know. */
  readonly documents: () => readonly Json[];
  /** The document that its first answer is about. */
  readonly warmUpUri: string;
}

const FIRST_RESTART_MS = 500;
const LAST_RESTART_MS = 60_000;
const INITIALIZE_MS = 10_000;
const WARM_UP_MS = 60_000;
const settings = {
  suggest: { autoImports: false },
  preferences: { includeCompletionsForModuleExports: false, importModuleSpecifierEnding: 'js' },
};

/** Starts the server. */
export function keepTypeServer(options: TypeServerOptions): TypeServer {
  const { command, directory, documents, warmUpUri } = options;
  let restartMs = FIRST_RESTART_MS;
  let client: LspClient | null = null;
  let ready: Promise<LspClient | null> = Promise.resolve(null);
  let isReady = false;
  let isWarm = false;
  let isClosed = false;
  const onExit = (): void => {
    client = null;
    isReady = false;
    isWarm = false;
    ready = Promise.resolve(null);
    if (isClosed) return;
    setTimeout(start, restartMs).unref();
    restartMs = Math.min(restartMs * 2, LAST_RESTART_MS);
  };
  /** The first check reads the libraries' types, longer than any answer is waited for; a request that is cancelled would begin anew. */
  const warmUp = async (server: LspClient): Promise<void> => {
    const request = { textDocument: { uri: warmUpUri } };
    const answer = await server.request('textDocument/diagnostic', request, WARM_UP_MS).catch(() => null);
    if (server === client) isWarm = answer !== null;
  };
  const prepare = async (server: LspClient): Promise<LspClient | null> => {
    try {
      await initialize(server, directory);
    } catch {
      server.close();
      return null;
    }
    for (const document of documents()) server.notify('textDocument/didOpen', { textDocument: document });
    isReady = true;
    void warmUp(server);
    return server;
  };
  function start(): void {
    if (command === null || isClosed) return;
    const server = startLsp(command, settings, onExit);
    client = server;
    ready = prepare(server);
  }
  start();
  return {
    ready: () => ready,
    current: () => (isReady ? client : null),
    isWarm: () => isWarm,
    close: () => {
      isClosed = true;
      client?.close();
    },
  };
}

async function initialize(server: LspClient, directory: string): Promise<void> {
  await server.request(
    'initialize',
    {
      processId: process.pid,
      rootUri: pathToFileURL(directory).href,
      capabilities: {
        workspace: { configuration: true },
        textDocument: {
          diagnostic: {},
          hover: { contentFormat: ['markdown'] },
          completion: { completionItem: { snippetSupport: false, labelDetailsSupport: true } },
        },
      },
    },
    INITIALIZE_MS,
  );
  server.notify('initialized', {});
}

/** The server's program; null where it is not installed. */
export function findServer(): string | null {
  try {
    const name = `@typescript/typescript-${process.platform}-${process.arch}/package.json`;
    const program = process.platform === 'win32' ? 'tsc.exe' : 'tsc';
    const path = join(createRequire(import.meta.url).resolve(name), '../lib', program);
    return existsSync(path) ? path : null;
  } catch {
    return null;
  }
}
