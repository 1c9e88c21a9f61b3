// Marks on the disk, so that a restart forgets neither labels nor alerts: one JSON line for each in `page/marks.jsonl` of the
// home, of one id the last line counts. A help for the eye, no record: what is damaged is left out, what cannot be written
// is told once, and removing the file harms nothing.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, systemCodeOf } from '../../core/index.ts';
import { makeFolder, openAppendFile, writeDurably } from '../../files/index.ts';
import type { AppendFile } from '../../files/index.ts';
import type { PageMark } from '../../page/index.ts';

/** What is kept of earlier runs, and what keeps this one. */
export interface MarkLog extends AsyncDisposable {
  /** Of earlier runs, in order of time; all of them are over. */
  readonly marks: readonly PageMark[];
  /** Writes it soon; never throws. */
  keep(mark: PageMark): void;
}

/** How {@link openMarkLog} opens. */
export interface MarkLogOptions {
  /** The newest so many are kept. */
  readonly most: number;
  /** When the run before ended, as far as anybody knows: so did what was not over then. */
  readonly endedMs: number;
  /** Told once of each reason why nothing can be kept. */
  readonly onProblem: (text: string) => void;
}

/** Labels may change each second: then so many go to the disk at once. */
const FLUSH_MS = 2000;
/** Then the file is written anew with what is still kept. */
const MAX_BYTES = 2 << 20;
const kinds = new Set<unknown>(['swap', 'action', 'alert', 'gap', 'label'] satisfies PageMark['kind'][]);

/** Opens it. Never throws: without a file the page remembers this run alone. */
export async function openMarkLog(folder: string, options: MarkLogOptions): Promise<MarkLog> {
  const path = join(folder, 'marks.jsonl');
  const known = parseMarks(await readLog(path, options.onProblem), options);
  return new OpenMarkLog(folder, path, known, options);
}

async function readLog(path: string, onProblem: (text: string) => void): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') onProblem(messageOf(error));
    return '';
  }
}

/** The marks of a log, each once and over. */
export function parseMarks(text: string, { most, endedMs }: MarkLogOptions): PageMark[] {
  const byId = new Map<string, PageMark>();
  for (const line of text.split('\n')) {
    const mark = parseMark(line);
    if (mark !== null) byId.set(mark.id, mark);
  }
  return [...byId.values()]
    .map((mark) => (mark.untilMs === null ? { ...mark, untilMs: Math.max(mark.atMs, endedMs) } : mark))
    .toSorted((a, b) => a.atMs - b.atMs)
    .slice(-most);
}

/** Null for a line that is none: torn by a power cut, or written by somebody else. */
function parseMark(line: string): PageMark | null {
  try {
    const { id, atMs, untilMs, kind, text, detail } = JSON.parse(line) as PageMark;
    const isMark =
      typeof id === 'string' &&
      Number.isFinite(atMs) &&
      (untilMs === null || Number.isFinite(untilMs)) &&
      kinds.has(kind) &&
      typeof text === 'string' &&
      typeof detail === 'object' &&
      detail !== null;
    return isMark ? { id, atMs, untilMs, kind, text, detail } : null;
  } catch {
    return null;
  }
}

const lineOf = (mark: PageMark): string => `${JSON.stringify(mark)}\n`;

class OpenMarkLog implements MarkLog {
  readonly marks: readonly PageMark[];
  readonly #folder: string;
  readonly #path: string;
  readonly #options: MarkLogOptions;
  /** By id: what a file that is written anew holds. */
  readonly #held: Map<string, PageMark>;
  readonly #told = new Set<string>();
  #waiting: PageMark[] = [];
  #file: AppendFile | null = null;
  #writing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(folder: string, path: string, marks: readonly PageMark[], options: MarkLogOptions) {
    this.#folder = folder;
    this.#path = path;
    this.marks = marks;
    this.#options = options;
    this.#held = new Map(marks.map((mark) => [mark.id, mark]));
  }

  keep(mark: PageMark): void {
    this.#held.set(mark.id, mark);
    this.#waiting.push(mark);
    this.#timer ??= setTimeout(() => void this.#flush(), FLUSH_MS).unref();
  }

  #flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    const marks = this.#waiting;
    this.#waiting = [];
    if (marks.length === 0) return;
    try {
      const lines = Buffer.from(marks.map(lineOf).join(''));
      if (this.#file === null || this.#file.sizeBytes + lines.length > MAX_BYTES) await this.#rewrite();
      else await this.#file.append(lines);
    } catch (error) {
      const text = messageOf(error);
      if (!this.#told.has(text)) this.#options.onProblem(text);
      this.#told.add(text);
      // The next one writes all that is held.
      await this.#close();
    }
  }

  async #rewrite(): Promise<void> {
    await this.#close();
    for (const id of [...this.#held.keys()].slice(0, -this.#options.most)) this.#held.delete(id);
    const text = Buffer.from([...this.#held.values()].map(lineOf).join(''));
    await makeFolder(this.#folder, 0o700);
    await writeDurably(this.#path, text);
    this.#file = await openAppendFile(this.#path, text.length);
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    // What was appended is on the disk, whatever closing says.
    await Promise.resolve(file?.[Symbol.asyncDispose]()).catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#flush();
    await this.#close();
  }
}
