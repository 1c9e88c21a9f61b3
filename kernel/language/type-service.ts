// What types know about cells: TypeScript 7's native language server in a child process. It may be missing,
// slow or dead; then every answer is empty and nothing waits for it.
import type { LspClient } from './lsp-client.ts';
import type { LspCompletion, LspDiagnostic, LspPosition, LspSignatureHelp } from './lsp-types.ts';
import { CheckerCells } from './checker-cells.ts';
import type { CurrentCell } from './checker-cells.ts';
import { readProblems } from './type-problems.ts';
import type { TypeProblem } from './type-problems.ts';
import { findServer, keepTypeServer } from './type-server.ts';

/** Answers from types. Offsets count UTF-16 units of the cell. */
export interface TypeService {
  /** @param prefix of the name being typed: empty for a member @default '' */
  complete(code: string, offset: number, prefix?: string): Promise<readonly LspCompletion[]>;
  /** Markdown; null when there is nothing to say. */
  hover(code: string, offset: number): Promise<string | null>;
  /** The signature of the call around the offset; null outside of calls. */
  signature(code: string, offset: number): Promise<string | null>;
  /** What may be named in the object around the offset, as declared (`estimator?: string`); empty in other code. */
  fields(code: string, offset: number): Promise<readonly string[]>;
  /** Null when the checker has no answer in time. @default 5000 */
  check(code: string, timeoutMs?: number): Promise<readonly TypeProblem[] | null>;
  /** Notes a cell that ran: later ones see its names. */
  addCell(code: string): void;
  /** Notes a cell that failed: which of its names it declared is not known, so later ones know none of them. */
  forgetCell(code: string): void;
  /** True where there is a server's program: `check` answers, sooner or later. */
  readonly isInstalled: boolean;
  /** True once the libraries' types were read: answers come within milliseconds. */
  isWarm(): boolean;
  close(): void;
}

export interface TypeServiceOptions {
  /** Cells import from here. @default the working directory at the time of each question */
  readonly directory?: string;
  /** Path of the server; null: none. @default that of the installed TypeScript 7 */
  readonly command?: string | null;
  /** Slower answers are not waited for, once the server is warm; JupyterLab waits a second. @default 900 */
  readonly timeoutMs?: number;
}

const CHECK_MS = 5000;
/** More than anybody reads. */
const MOST_FIELDS = 60;
/** As long as reading the libraries' types takes: better late than never. */
const COLD_MS = 2000;

/** Starts the server; requests wait for it as long as they wait for any answer. */
export function createTypeService(options: TypeServiceOptions = {}): TypeService {
  const { directory, command = findServer(), timeoutMs = 900 } = options;
  const folder = (): string => directory ?? process.cwd();
  const cells = new CheckerCells(folder());
  const server = keepTypeServer({
    command,
    directory: folder(),
    documents: () => cells.documents(),
    warmUpUri: cells.currentUri,
  });
  /** Shows the server the cell as it is now, then asks. Both go out in one turn: no other cell comes between. */
  const ask = async (
    code: string,
    prefix: string,
    build: (client: LspClient, cell: CurrentCell) => Promise<unknown>,
    withinMs: number,
  ): Promise<unknown> => {
    const client = await within(server.ready(), withinMs);
    if (!client) return null;
    return build(client, cells.show(client, code, prefix, folder())).catch(() => null);
  };
  const askAt = (method: string, code: string, offset: number, prefix = ''): Promise<unknown> => {
    const withinMs = server.isWarm() ? timeoutMs : Math.max(timeoutMs, COLD_MS);
    const request = (client: LspClient, { uri, module }: CurrentCell): Promise<unknown> => {
      const position = positionOf(code, offset, module);
      return client.request(method, { textDocument: { uri }, position }, withinMs);
    };
    return ask(code, prefix, request, withinMs);
  };
  return {
    isInstalled: command !== null,
    isWarm: () => server.isWarm(),
    complete: async (code, offset, prefix) =>
      completionsOf(await askAt('textDocument/completion', code, offset, prefix)),
    hover: async (code, offset) =>
      hoverOf((await askAt('textDocument/hover', code, offset)) as LspHover | null),
    signature: async (code, offset) => {
      const help = (await askAt('textDocument/signatureHelp', code, offset)) as LspSignatureHelp | null;
      return help?.signatures[help.activeSignature ?? 0]?.label ?? null;
    },
    fields: async (code, offset) => {
      const found = completionsOf(await askAt('textDocument/completion', code, offset)).filter(isField);
      const client = server.current();
      if (!client) return [];
      const resolved = found.slice(0, MOST_FIELDS).map(async (item) => {
        const answer = await client
          .request('completionItem/resolve', { ...item }, timeoutMs)
          .catch(() => null);
        return declarationOf((answer as LspCompletion | null) ?? item);
      });
      return Promise.all(resolved);
    },
    check: async (code, withinMs = CHECK_MS) => {
      const request = (client: LspClient, { uri }: CurrentCell): Promise<unknown> =>
        client.request('textDocument/diagnostic', { textDocument: { uri } }, withinMs);
      const answer = (await ask(code, '', request, withinMs)) as { items?: LspDiagnostic[] } | null;
      return answer?.items ? readProblems(answer.items, code) : null;
    },
    addCell: (code) => cells.add(server.current(), code, folder()),
    forgetCell: (code) => cells.forget(code),
    close: () => server.close(),
  };
}

/** Kinds of names that stand in an object: a field, a property. */
const FIELD_KINDS: readonly (number | undefined)[] = [5, 10];

/** Whether a candidate is a name that the type of an object has. */
export const isField = ({ kind }: LspCompletion): boolean => FIELD_KINDS.includes(kind);

/** `(property) TrainOptions.name?: string` → `name?: string`. */
function declarationOf({ label, detail = '' }: LspCompletion): string {
  const name = label.replace(/\?$/, '');
  const at = detail.search(new RegExp(String.raw`(?<![\w$])${RegExp.escape(name)}\??:`));
  return at < 0 ? label : detail.slice(at);
}

function completionsOf(answer: unknown): readonly LspCompletion[] {
  if (Array.isArray(answer)) return answer as LspCompletion[];
  return (answer as { items?: LspCompletion[] } | null)?.items ?? [];
}

function hoverOf(answer: LspHover | null): string | null {
  return typeof answer?.contents === 'string' ? answer.contents : (answer?.contents?.value ?? null);
}

type LspHover = { contents?: string | { value: string } };

function positionOf(
  code: string,
  offset: number,
  { headerLines, firstColumn }: CurrentCell['module'],
): LspPosition {
  const before = code.slice(0, offset).split('\n');
  const column = before.length === 1 ? firstColumn : 0;
  return { line: before.length - 1 + headerLines, character: before.at(-1)!.length + column };
}

async function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), timeoutMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
