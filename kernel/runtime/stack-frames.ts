// `error.stack` of everything in the user's thread: places in cells and in local TypeScript files as the user wrote
// them, without the frames of this kernel. Also what a cell catches and prints says so, not only what ends it.
import { SourceMap } from 'node:module';
import type { SourceMapPayload } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Error, Map, Object, URL, WeakMap, noticeReplaced, withOriginals } from './primordials.ts';
import { restoreNames } from './shadowed-names.ts';

/** V8's, which writes itself as a line of a stack. */
type Site = NodeJS.CallSite & { toString(): string };

/** A place in a file; both count from 1. */
export interface StackPlace {
  readonly line: number;
  readonly column: number;
}

/** Where a place of a compiled cell is in the cell. */
export type CellPlace = (file: string, line: number, column: number) => StackPlace;

const CELL = /^(?:cell-\d+|magic|user-expression|pager)\.ts$/;
const kernelUrl = new URL('..', import.meta.url).href;
const kernelPath = fileURLToPath(kernelUrl);
/** Maps of local files by path, and by address where they have editions. */
const payloads = new Map<string, object>();
/** Those of files and cells that were needed. */
const maps = new WeakMap<object, SourceMap>();

/** Notes the map of a local file that was compiled. */
export function addSourceMap(url: string, payload: object): void {
  for (const key of [url, fileURLToPath(url.replace(/\?.*$/, ''))]) {
    payloads.set(key, payload);
  }
}

/** The map of a local file that was compiled. */
export const sourceMapOf = (url: string): object | undefined => payloads.get(url);

/** Writes all stacks from now on. */
export function writeStacks(placeInCell: CellPlace): void {
  const write = (error: Error, sites: readonly Site[]): string => {
    const kept = sites.some((site) => CELL.test(fileOf(site))) ? sites.filter(isUsers) : sites;
    return [headOf(error), ...kept.map((site) => `    at ${writeSite(site, placeInCell)}`)].join('\n');
  };
  const prepareStackTrace = (error: Error, sites: Site[]): string => {
    noticeReplaced();
    try {
      return withOriginals(() => restoreNames(write(error, sites)));
    } catch {
      // Whoever asks for a stack must get one, whatever the error is made of.
      return sites.map((site) => `    at ${site.toString()}`).join('\n');
    }
  };
  Object.defineProperty(Error, 'prepareStackTrace', {
    value: prepareStackTrace,
    writable: true,
    configurable: true,
    enumerable: false,
  });
}

/**
 * The file, or the name of the cell, that code runs in.
 * @param depth 0 is what calls this, 1 what called that
 */
export function readCaller(depth: number): string {
  const site = readSites(depth + 3)[depth + 2];
  return site ? fileOf(site) : '';
}

/** A place in compiled code; both count from 1. */
export interface AwaitingSite extends StackPlace {
  readonly name: string;
  readonly file: string;
}

/** What awaits the code that runs: V8 knows it by its promises. @param most sites to look at */
export function readAwaiting(most: number): AwaitingSite[] {
  return readSites(most)
    .filter((site) => site.isAsync())
    .map((site) => ({
      name: site.getFunctionName() ?? '',
      file: fileOf(site),
      line: site.getLineNumber() ?? 1,
      column: site.getColumnNumber() ?? 1,
    }));
}

/** The stack, the newest first: what calls this is the second. */
function readSites(most: number): readonly Site[] {
  const names = ['prepareStackTrace', 'stackTraceLimit'] as const;
  const before = names.map((name) => [name, Object.getOwnPropertyDescriptor(Error, name)] as const);
  try {
    Error.stackTraceLimit = most;
    Error.prepareStackTrace = (_, sites) => sites;
    return new Error('who calls').stack as unknown as Site[];
  } finally {
    for (const [name, descriptor] of before) if (descriptor) Object.defineProperty(Error, name, descriptor);
  }
}

function headOf(error: Error): string {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    return 'Error';
  }
}

/** Neither of the kernel nor of what runs it: Node's own frames below its. */
function isUsers(site: Site, at: number, sites: readonly Site[]): boolean {
  if (isKernels(site)) return false;
  if (!fileOf(site).startsWith('node:')) return true;
  const above = sites.slice(0, at).findLast((one) => isKernels(one) || !fileOf(one).startsWith('node:'));
  return above === undefined || !isKernels(above);
}

/** Cells have no file: their name is what V8 calls the URL of their source. */
const fileOf = (site: Site): string => {
  const file = site.getFileName();
  return file !== null && file !== undefined && file !== '' ? file : (site.getScriptNameOrSourceURL() ?? '');
};

function isKernels(site: Site): boolean {
  const file = fileOf(site);
  return file.startsWith(kernelUrl) || file.startsWith(kernelPath) || file === 'node:inspector';
}

function writeSite(site: Site, placeInCell: CellPlace): string {
  const text = site.toString();
  const file = fileOf(site);
  const [line, column] = [site.getLineNumber(), site.getColumnNumber()];
  if (file === '' || line === null || column === null) return text;
  const place = CELL.test(file) ? placeInCell(file, line, column) : placeInFile(file, line, column);
  if (place === null) return text;
  const shown = `${file.replace(/\?edition=\d+$/, '')}:${place.line}:${place.column}`;
  return text.replace(`${file}:${line}:${column}`, () => shown);
}

function placeInFile(file: string, line: number, column: number): StackPlace | null {
  const payload = payloads.get(file);
  return payload ? originalPlace({ line, column }, payload) : null;
}

/** Where a place of a compiled text was. @param payload a source map, which is parsed when it is asked first */
export function originalPlace(place: StackPlace, payload: object): StackPlace {
  const map = maps.get(payload) ?? new SourceMap(payload as SourceMapPayload);
  maps.set(payload, map);
  const entry = map.findEntry(place.line - 1, place.column - 1);
  if (!('originalLine' in entry)) return place;
  // Maps tell where a part begins; what is in it keeps its distance.
  const within = entry.generatedLine === place.line - 1 ? place.column - 1 - entry.generatedColumn : 0;
  return { line: entry.originalLine + 1, column: entry.originalColumn + 1 + within };
}
