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
  /** Opens a document now; `documents` must give it to later servers. */
  open(document: Json): void;
  close(): void;
}

export interface TypeServerOptions {
  /** Path of the program; null: none. */
  readonly command: string | null;
  readonly directory: string;
  /** What a new server must know. */
  readonly documents: () => readonly Json[];
}

const FIRST_RESTART_MS = 500;
const LAST_RESTART_MS = 60_000;
const INITIALIZE_MS = 10_000;
const settings = {
  suggest: { autoImports: false },
  preferences: { includeCompletionsForModuleExports: false },
};

/** Starts the server. */
export function keepTypeServer({ command, directory, documents }: TypeServerOptions): TypeServer {
  let restartMs = FIRST_RESTART_MS;
  let client: LspClient | null = null;
  let ready: Promise<LspClient | null> = Promise.resolve(null);
  let isReady = false;
  let isClosed = false;
  const open = (to: LspClient, document: Json): void =>
    to.notify('textDocument/didOpen', { textDocument: document });
  const onExit = (): void => {
    client = null;
    isReady = false;
    ready = Promise.resolve(null);
    if (isClosed) return;
    setTimeout(start, restartMs).unref();
    restartMs = Math.min(restartMs * 2, LAST_RESTART_MS);
  };
  const prepare = async (server: LspClient): Promise<LspClient | null> => {
    try {
      await initialize(server, directory);
    } catch {
      server.close();
      return null;
    }
    for (const document of documents()) open(server, document);
    warmUp(server, documents().at(-1));
    isReady = true;
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
    open: (document) => {
      if (client && isReady) open(client, document);
    },
    close: () => {
      isClosed = true;
      client?.close();
    },
  };
}

/** The first check reads the libraries' types, longer than any answer is waited for; a request that is cancelled would begin anew. */
function warmUp(server: LspClient, document: Json | undefined): void {
  const params = { textDocument: { uri: document?.['uri'] } };
  void server.request('textDocument/diagnostic', params, INITIALIZE_MS).catch(() => null);
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
