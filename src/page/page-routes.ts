// What each address of the API answers. Parameters are checked here; a mistake is told with its name, not as a failure.
import { createLimit } from './request-limit.ts';
import { pageForbiddenError, pageNotFoundError, pageRequestError } from './errors.ts';
import type { RangeQuestion } from './history-ranges.ts';
import { pageFields } from './page-fields.ts';
import type { PageField } from './page-fields.ts';
import type { ProcessQuestion } from './process-history.ts';
import { pageActions } from './page-source.ts';
import type { PageAction, PageRow, PageSource } from './page-source.ts';

/** A question that may be answered: where from and who asked is settled. */
export interface PageQuestion {
  readonly method: string;
  readonly url: URL;
  /** Of a POST. */
  readonly body: PageRow;
}

/** Options of {@link buildRoutes}. */
export interface RouteOptions {
  readonly source: PageSource;
  /** What an action has to bring along; null where there are none. */
  readonly csrf: string | null;
}

/** Answers one question with plain JSON. @throws RuvectorError what may be told to the browser */
export type AnswerQuestion = (question: PageQuestion) => Promise<unknown>;

const MAX_PIXELS = 4096;
const MAX_FIELDS = 16;
const MAX_PROCESSES = 32;
/** Everything that a page of 4096 buckets could reach: longer than any history. */
const MAX_RANGE_MS = 20 * 365 * 86_400_000;
const MAX_TIME_MS = 8.64e15;

/** Builds the API. */
export function buildRoutes({ source, csrf }: RouteOptions): AnswerQuestion {
  const plan = createLimit(2, 64);
  const judge = createLimit(1, 8);
  const table: Readonly<Record<string, (params: Params) => unknown>> = {
    '/api/status': async () => ({ ...(await source.status()), fields: describeFields(), csrf }),
    '/api/range': (params) => plan(() => source.range(rangeOf(params))),
    '/api/marks': (params) => plan(() => marksOf(source, params)),
    '/api/moment': (params) => plan(() => source.moment(params.time('at'))),
    '/api/processes': (params) => plan(() => source.processes(processesOf(params))),
    '/api/models': () => source.models(),
    '/api/models/manifest': (params) => source.manifest(params.text('reference')),
    '/api/models/compare': (params) => judge(() => source.compare(params.text('a'), params.text('b'))),
    '/api/exports': () => source.exports(),
    '/api/publications': () => source.publications(),
    '/api/health': () => judge(() => source.health()),
    '/api/events': () => source.events(),
  };
  return async ({ method, url, body }) => {
    const action = /^\/api\/actions\/([\w-]+)$/.exec(url.pathname)?.[1];
    if (action !== undefined && method === 'POST') return act(source, url.pathname, action, body);
    const answer = Object.hasOwn(table, url.pathname) ? table[url.pathname] : undefined;
    if (!answer || method === 'POST') throw pageNotFoundError(url.pathname);
    return answer(createParams(url));
  };
}

function act(source: PageSource, path: string, action: string, body: PageRow): Promise<unknown> {
  if (!(pageActions as readonly string[]).includes(action)) throw pageNotFoundError(path);
  if (source.act === null) {
    throw pageForbiddenError(path, 'this page may only look', 'serve with --page-actions to allow it');
  }
  return source.act(action as PageAction, body);
}

/** Parameters of one address. @throws RuvectorError `ERR_PAGE_REQUEST` */
interface Params {
  text(name: string): string;
  /** ms since the epoch. */
  time(name: string): number;
  /** Null where it is not given. */
  count(name: string): number | null;
  refuse(problem: string): never;
}

function createParams({ pathname, searchParams }: URL): Params {
  const refuse = (problem: string): never => {
    throw pageRequestError(pathname, problem);
  };
  const text = (name: string): string => searchParams.get(name) ?? refuse(`"${name}" is missing`);
  const number = (name: string): number => {
    const given = text(name);
    const value = given.trim() === '' ? Number.NaN : Number(given);
    return Number.isFinite(value) ? value : refuse(`"${name}" is no number`);
  };
  return {
    text: (name) => {
      const value = text(name);
      return value.length <= 256 ? value : refuse(`"${name}" is too long`);
    },
    time: (name) => {
      const value = Math.trunc(number(name));
      return Math.abs(value) <= MAX_TIME_MS ? value : refuse(`"${name}" is no time`);
    },
    count: (name) => {
      if (!searchParams.has(name)) return null;
      const value = number(name);
      return Number.isInteger(value) && value > 0 ? value : refuse(`"${name}" is no whole number above 0`);
    },
    refuse,
  };
}

function spanOf(params: Params): { fromMs: number; toMs: number } {
  const [fromMs, toMs] = [params.time('from'), params.time('to')];
  if (toMs <= fromMs) params.refuse('"to" is not after "from"');
  if (toMs - fromMs > MAX_RANGE_MS) params.refuse('the range is longer than 20 years');
  return { fromMs, toMs };
}

function processesOf(params: Params): ProcessQuestion {
  const [buckets, top] = [params.count('buckets') ?? 200, params.count('top') ?? 8];
  if (buckets > MAX_PIXELS) params.refuse(`"buckets" is more than ${MAX_PIXELS}`);
  if (top > MAX_PROCESSES) params.refuse(`"top" is more than ${MAX_PROCESSES}`);
  return { ...spanOf(params), buckets, top };
}

function rangeOf(params: Params): RangeQuestion {
  const pixels = params.count('pixels') ?? 1000;
  if (pixels > MAX_PIXELS) params.refuse(`"pixels" is more than ${MAX_PIXELS}`);
  const names = params.text('fields').split(',');
  if (names.length > MAX_FIELDS) params.refuse(`"fields" are more than ${MAX_FIELDS}`);
  const fields = names.map((name): PageField => {
    const known = [...pageFields.keys()].join(', ');
    return pageFields.get(name) ?? params.refuse(`no field is called "${name}" (known: ${known})`);
  });
  return { ...spanOf(params), pixels, fields: [...new Set(fields)] };
}

async function marksOf(source: PageSource, params: Params): Promise<unknown> {
  const { fromMs, toMs } = spanOf(params);
  const marks = await source.marks(fromMs, toMs);
  return marks.toSorted((a, b) => a.atMs - b.atMs);
}

const describeFields = (): PageRow[] =>
  [...pageFields.values()].map(({ name, unit, kind }) => ({ name, unit, kind }));
