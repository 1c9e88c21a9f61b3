// What a subscriber asks for, from JSON or from a query string, checked against the stream's tables and
// columns. All mistakes come in one error. The wire's names: docs/streams.md
import type { Field, RuvectorError } from '../core/index.ts';
import { overflowPolicies, streamFormats, streamTables } from './stream-contract.ts';
import { streamDefaults, streamOptions } from './stream-options.ts';
import type {
  StreamFilter,
  StreamFormat,
  StreamKinds,
  StreamPosition,
  StreamRequest,
  StreamTable,
} from './stream-contract.ts';
import { streamRequestError } from './errors.ts';

/** A request as it travels: the subscriber also chooses its format and shows its token. */
export interface SubscribeMessage extends StreamRequest {
  readonly format?: StreamFormat;
  readonly token?: string;
}

/** Subscribers send small requests only: a transport ends the connection of a larger one unread. */
export const MAX_REQUEST_BYTES = 65_536;

type Loose = Readonly<Record<string, unknown>>;

const MAX_ITEMS = 64;
/** What an error tells of each value: a request must not be answered by something far larger. */
const MAX_SHOWN = 120;
const operators = ['==', '!=', '<=', '>=', '<', '>'] as const;

/**
 * Checks a request that came as JSON (`{"tables", "filters", "interval_ms", "after", "overflow", "format", "token"}`).
 * @throws RuvectorError `ERR_WIRE_STREAM_REQUEST` that names every mistake and what there is
 */
export function parseSubscribeMessage(value: unknown, kinds: StreamKinds): SubscribeMessage {
  const problems: string[] = [];
  const json = isObject(value) ? value : {};
  if (!isObject(value)) problems.push('it is no JSON object');
  const tables = listOf(json['tables'], 'tables', streamTables, problems);
  const format = oneOf(json['format'], 'format', streamFormats, problems);
  const overflow = oneOf(json['overflow'], 'overflow', overflowPolicies, problems);
  const filters = parseFilters(json['filters'], problems);
  const intervalMs = parseInterval(json['interval_ms'], problems);
  const after = parsePosition(json['after'], problems);
  const message: SubscribeMessage = {
    ...(tables && { tables }),
    ...(filters && { filters }),
    ...(intervalMs !== undefined && { intervalMs }),
    ...(after && { after }),
    ...(overflow && { overflow }),
    ...(format && { format }),
    ...(typeof json['token'] === 'string' && { token: json['token'] }),
  };
  // Names that are no tables were told already: what else is wrong is told as if all were asked.
  const { tables: _known, ...others } = message;
  const hasNoKnown = tables?.length === 0 && problems.length > 0;
  problems.push(...requestProblems(hasNoKnown ? others : message, kinds));
  if (problems.length > 0) throw streamRequestError(problems);
  return message;
}

/** The same from a query string: `?tables=memory,process&filter=used_percent>90&interval_ms=1000`. */
export function parseSubscribeQuery(query: URLSearchParams, kinds: StreamKinds): SubscribeMessage {
  const json: Record<string, unknown> = {};
  for (const key of ['format', 'overflow', 'token']) if (query.has(key)) json[key] = query.get(key);
  if (query.has('tables')) json['tables'] = query.get('tables')!.split(',');
  if (query.has('filter')) json['filters'] = query.getAll('filter');
  if (query.has('interval_ms')) json['interval_ms'] = Number(query.get('interval_ms'));
  if (query.has('after')) json['after'] = parseJson(query.get('after')!);
  const unknown = [...new Set(query.keys())].filter((key) => !queryKeys.has(key));
  if (unknown.length > 0) {
    throw streamRequestError([`it has ${show(unknown)}, known are ${[...queryKeys].join(', ')}`]);
  }
  return parseSubscribeMessage(json, kinds);
}

const queryKeys = new Set(['tables', 'format', 'interval_ms', 'filter', 'after', 'overflow', 'token']);

/** The JSON that travels for a request. */
export function encodeSubscribeMessage(message: SubscribeMessage): Record<string, unknown> {
  const { intervalMs, ...rest } = message;
  return { ...rest, ...(intervalMs !== undefined && { interval_ms: intervalMs }) };
}

/**
 * Checks a request made in this process.
 * @throws RuvectorError `ERR_WIRE_STREAM_REQUEST`
 */
export function assertStreamRequest(request: StreamRequest, kinds: StreamKinds): void {
  const problems = requestProblems(request, kinds);
  if (problems.length > 0) throw streamRequestError(problems);
}

/**
 * Parses `used_percent>90`, `name=="node"`, `success==true`.
 * @throws RuvectorError `ERR_WIRE_STREAM_REQUEST`
 */
export function parseFilter(text: string): StreamFilter {
  // Nothing here can match in two ways: a filter of strangers is read in one pass, however it looks.
  const [, column, op, rest] = /^\s*(\w+)\s*(==|!=|<=|>=|<|>)(.*)$/s.exec(text) ?? [];
  const value = rest?.trim() ?? '';
  if (column === undefined || value === '') {
    throw streamRequestError([
      `filter ${show(text)} is not <column><operator><value>, for example used_percent>90`,
    ]);
  }
  return { column, op: op as StreamFilter['op'], value: parseValue(value) };
}

function parseValue(text: string): StreamFilter['value'] {
  if (text === 'true' || text === 'false') return text === 'true';
  const quoted = /^"(.*)"$|^'(.*)'$/s.exec(text);
  if (quoted) return quoted[1] ?? quoted[2] ?? '';
  const number = Number(text);
  // Integers beyond a double stay text: a 64-bit column compares them exactly.
  return Number.isNaN(number) || (/^\d+$/.test(text) && !Number.isSafeInteger(number)) ? text : number;
}

function parseFilters(value: unknown, problems: string[]): StreamFilter[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || value.length > MAX_ITEMS) {
    problems.push(`"filters" is no list of at most ${MAX_ITEMS}`);
    return undefined;
  }
  return value.flatMap((item: unknown) => {
    if (typeof item === 'string') return tryParseFilter(item, problems);
    if (
      isObject(item) &&
      typeof item['column'] === 'string' &&
      isOperator(item['op']) &&
      isValue(item['value'])
    ) {
      return [{ column: item['column'], op: item['op'], value: item['value'] }];
    }
    problems.push(`filter ${show(item)} is no {"column", "op", "value"}`);
    return [];
  });
}

function tryParseFilter(text: string, problems: string[]): StreamFilter[] {
  try {
    return [parseFilter(text)];
  } catch (error) {
    problems.push(...((error as RuvectorError).details['problems'] as string[]));
    return [];
  }
}

function parseInterval(value: unknown, problems: string[]): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number') return value;
  problems.push(`"interval_ms" is ${show(value)}, wanted a number`);
  return undefined;
}

function parsePosition(value: unknown, problems: string[]): StreamPosition | undefined {
  if (value === undefined || value === null) return undefined;
  const position = isObject(value) ? value : {};
  const [sequences, timestamps, repeats] = (['sequences', 'timestamps', 'repeats'] as const).map((key) =>
    parseNumbers(position[key]),
  );
  if (typeof position['epoch'] === 'string' && sequences && timestamps && repeats) {
    return { epoch: position['epoch'], sequences, timestamps, ...(position['repeats'] ? { repeats } : {}) };
  }
  problems.push('"after" is no {"epoch", "sequences", "timestamps"} with numbers by table');
  return undefined;
}

function parseNumbers(value: unknown): Partial<Record<StreamTable, number>> | undefined {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) return undefined;
  // A number between two records would be no record of any table.
  const isEach = Object.entries(value).every(
    ([table, number]) => isTable(table) && Number.isSafeInteger(number) && Number(number) >= 0,
  );
  return isEach ? value : undefined;
}

/** What is wrong with a request whose types are right. */
function requestProblems(request: StreamRequest, kinds: StreamKinds): string[] {
  const { tables = streamTables, filters = [], intervalMs = streamDefaults.intervalMs, overflow } = request;
  const problems = filters.flatMap((filter) => filterProblems(filter, tables, kinds));
  if (tables.length === 0) problems.push(`no table is asked for, there are ${streamTables.join(', ')}`);
  const { min, max } = streamOptions.intervalMs.range;
  if (!(intervalMs >= min && intervalMs <= max)) {
    problems.push(`the interval is ${intervalMs} ms, wanted ${min} to ${max}`);
  }
  if (overflow !== undefined && !(overflowPolicies as readonly string[]).includes(overflow)) {
    problems.push(`overflow is ${show(overflow)}, there are ${overflowPolicies.join(', ')}`);
  }
  return problems;
}

function filterProblems(filter: StreamFilter, tables: readonly StreamTable[], kinds: StreamKinds): string[] {
  const known = tables.filter((table) => isTable(table));
  const fields = known.flatMap((table) => kinds[table].fields.filter(({ name }) => name === filter.column));
  if (fields.length > 0) return fields.flatMap((field) => valueProblems(field, filter)).slice(0, 1);
  const columns = known.map(
    (table) => `${table} has ${kinds[table].fields.map(({ name }) => name).join(', ')}`,
  );
  return [`no asked table has the column ${show(filter.column)}: ${columns.join('; ')}`];
}

function valueProblems(field: Field, { column, op, value }: StreamFilter): string[] {
  const isEquality = op === '==' || op === '!=';
  const wrong = (wanted: string): string[] => [
    `filter ${column}${op}${show(value)} does not fit: "${column}" is ${field.type}, ${wanted}`,
  ];
  if (field.type === 'utf8') {
    return isEquality && typeof value === 'string' ? [] : wrong('use == or != and a quoted text');
  }
  if (field.type === 'bool') {
    return isEquality && typeof value === 'boolean' ? [] : wrong('use == or != and true or false');
  }
  if (field.type === 'uint64') {
    return /^\d{1,20}$/.test(String(value)) ? [] : wrong('use a whole number, as text beyond 2^53');
  }
  return typeof value === 'number' && Number.isFinite(value) ? [] : wrong('use a number');
}

function listOf<T extends string>(
  value: unknown,
  name: string,
  known: readonly T[],
  problems: string[],
): T[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || value.length > MAX_ITEMS) {
    problems.push(`"${name}" is no list of at most ${MAX_ITEMS}`);
    return undefined;
  }
  return [...new Set(value.flatMap((item: unknown) => oneOf(item, name, known, problems) ?? []))];
}

function oneOf<T extends string>(
  value: unknown,
  name: string,
  known: readonly T[],
  problems: string[],
): T | undefined {
  if (value === undefined || value === null) return undefined;
  const found = known.find((item) => item === value);
  if (found === undefined) problems.push(`"${name}" has ${show(value)}, there are ${known.join(', ')}`);
  return found;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const isObject = (value: unknown): value is Loose =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isTable = (name: string): name is StreamTable => (streamTables as readonly string[]).includes(name);
const isOperator = (value: unknown): value is StreamFilter['op'] =>
  (operators as readonly unknown[]).includes(value);
const isValue = (value: unknown): value is StreamFilter['value'] =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

/** A value as JSON, cut where it is long. */
function show(value: unknown): string {
  const text = toJson(value);
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`;
}

function toJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'undefined';
  } catch {
    // Parsing takes any depth, this does not.
    return 'a value that is nested too deeply';
  }
}
