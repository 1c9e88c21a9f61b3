// What types know about cells: TypeScript 7's native language server in a child process. It may be missing,
// slow or dead; then every answer is empty and nothing waits for it.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildCellModule } from './cell-module.ts';
import { globalTypes } from './global-types.ts';
import type { LspClient } from './lsp-client.ts';
import type { Json, LspCompletion, LspDiagnostic, LspPosition, LspSignatureHelp } from './lsp-types.ts';
import { findServer, keepTypeServer } from './type-server.ts';

/** An error of types in a cell. */
export interface TypeProblem {
  /** From 1, in the cell. */
  readonly line: number;
  /** TypeScript's number. */
  readonly code: number;
  readonly message: string;
}

/** Answers from types. Offsets count UTF-16 units of the cell. */
export interface TypeService {
  complete(code: string, offset: number): Promise<readonly LspCompletion[]>;
  /** Markdown; null when there is nothing to say. */
  hover(code: string, offset: number): Promise<string | null>;
  /** The signature of the call around the offset; null outside of calls. */
  signature(code: string, offset: number): Promise<string | null>;
  /** Null when the checker has no answer in time. */
  check(code: string, timeoutMs?: number): Promise<readonly TypeProblem[] | null>;
  /** Notes a cell that ran: later ones see its names. */
  addCell(code: string): void;
  /** Notes a cell that failed: which of its names it declared is not known, so later ones know none of them. */
  forgetCell(code: string): void;
  close(): void;
}

export interface TypeServiceOptions {
  /** Cells import from here. @default the working directory */
  readonly directory?: string;
  /** Path of the server; null: none. @default that of the installed TypeScript 7 */
  readonly command?: string | null;
  /** Slower answers are not waited for. @default 150 */
  readonly timeoutMs?: number;
}

const CHECK_MS = 5000;

/** Starts the server; requests wait for it as long as they wait for any answer. */
export function createTypeService(options: TypeServiceOptions = {}): TypeService {
  const { directory = process.cwd(), command = findServer(), timeoutMs = 150 } = options;
  const uriOf = (file: string): string => pathToFileURL(join(directory, file)).href;
  const definitions = new Map<string, string>();
  const cells = new Map<string, string>();
  let version = 0;
  let lastCell = 0;
  const documentOf = (file: string, text: string): Json => {
    return { uri: uriOf(file), languageId: 'typescript', version: ++version, text };
  };
  const server = keepTypeServer({
    command,
    directory,
    documents: () =>
      [[GLOBALS, globalTypes()] as const, ...cells, [CURRENT, ''] as const].map(([file, text]) =>
        documentOf(file, text),
      ),
  });
  /** Shows the server the cell as it is now, then asks. Both go out in one turn: no other cell comes between. */
  const ask = async (
    code: string,
    build: (client: LspClient, headerLines: number) => Promise<unknown>,
    withinMs: number,
  ): Promise<unknown> => {
    const client = await within(server.ready(), withinMs);
    if (!client) return null;
    const { text, headerLines } = buildCellModule(code, definitions);
    client.notify('textDocument/didChange', {
      textDocument: { uri: uriOf(CURRENT), version: ++version },
      contentChanges: [{ text }],
    });
    return build(client, headerLines).catch(() => null);
  };
  const askAt = (method: string, code: string, offset: number): Promise<unknown> =>
    ask(
      code,
      (client, headerLines) => {
        const position = positionOf(code, offset, headerLines);
        return client.request(method, { textDocument: { uri: uriOf(CURRENT) }, position }, timeoutMs);
      },
      timeoutMs,
    );
  return {
    complete: async (code, offset) => completionsOf(await askAt('textDocument/completion', code, offset)),
    hover: async (code, offset) =>
      hoverOf((await askAt('textDocument/hover', code, offset)) as LspHover | null),
    signature: async (code, offset) => {
      const help = (await askAt('textDocument/signatureHelp', code, offset)) as LspSignatureHelp | null;
      return help?.signatures[help.activeSignature ?? 0]?.label ?? null;
    },
    check: async (code, withinMs = CHECK_MS) => {
      const params = { textDocument: { uri: uriOf(CURRENT) } };
      const request = (client: LspClient): Promise<unknown> =>
        client.request('textDocument/diagnostic', params, withinMs);
      const answer = (await ask(code, request, withinMs)) as { items?: LspDiagnostic[] } | null;
      return answer?.items ? problemsOf(answer.items, code) : null;
    },
    addCell: (code) => {
      const file = `.ruvector-cell-${++lastCell}.ts`;
      const { text, names } = buildCellModule(code, definitions);
      if (names.length === 0) return;
      cells.set(file, text);
      for (const name of names) definitions.set(name, file);
      server.open(documentOf(file, text));
    },
    forgetCell: (code) => {
      for (const name of buildCellModule(code, definitions).names) definitions.delete(name);
    },
    close: () => server.close(),
  };
}

function completionsOf(answer: unknown): readonly LspCompletion[] {
  if (Array.isArray(answer)) return answer as LspCompletion[];
  return (answer as { items?: LspCompletion[] } | null)?.items ?? [];
}

function hoverOf(answer: LspHover | null): string | null {
  return typeof answer?.contents === 'string' ? answer.contents : (answer?.contents?.value ?? null);
}

type LspHover = { contents?: string | { value: string } };

/** Files of the cells; they exist only in the server's memory. */
const CURRENT = '.ruvector-cell.ts';
const GLOBALS = '.ruvector-globals.d.ts';

function positionOf(code: string, offset: number, headerLines: number): LspPosition {
  const before = code.slice(0, offset).split('\n');
  return { line: before.length - 1 + headerLines, character: before.at(-1)!.length };
}

/**
 * What notebooks make meaningless: syntax (the cell's own parser has said it), names that only exist while
 * running, missing declarations of modules, redeclaration, assignment to a name of another cell, names
 * that are not used, implicit any.
 */
const meaningless: ReadonlySet<number> = new Set([
  2300, 2304, 2307, 2309, 2393, 2440, 2451, 2503, 2528, 2540, 2552, 2580, 2582, 2584, 2591, 2592, 2632, 2688,
  2691, 2792, 2834, 2835, 2867, 2868, 5097,
]);

function problemsOf(items: readonly LspDiagnostic[], code: string): TypeProblem[] {
  const lines = code.split('\n').length;
  return items
    .filter(({ severity }) => (severity ?? 1) === 1)
    .map((item) => ({ line: item.range.start.line, code: item.code ?? 0, message: item.message }))
    .filter((one) => one.line >= 1 && one.line <= lines)
    .filter((one) => one.code >= 2000 && one.code < 6000 && !meaningless.has(one.code));
}

async function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), timeoutMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
