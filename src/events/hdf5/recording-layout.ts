// Which of the layouts that recordings come in an HDF5 file has, and the unit of its times: by what is published of each
// layout, by attributes, or by what the caller says. Never by the size of numbers.
//
//   prophesee  /CD/events of {x, y, p, t}, µs; /EXT_TRIGGER/events of {p, t, id}
//   dsec       /events/{x, y, p, t}, µs, + /t_offset; /ms_to_idx or t_offset tell it from the next one
//   columns    {x, y, t, p} in /events, /, /CD or /cd; evlib: floats in /events are seconds
//   array      one dataset of four columns; v2e: 32-bit integers in /events or /event are t, x, y, p in µs
import { timeUnitError } from '../model/index.ts';
import type { Geometry, TimeUnit } from '../model/index.ts';
import { parseTimeUnit } from '../text/index.ts';
import type { TextColumn } from '../text/index.ts';
import { noEventsError } from './errors.ts';
import type { Attributes } from './file/attributes.ts';
import type { NumberType } from './file/datatype.ts';
import { readNumber } from './file/numbers.ts';
import { datasetRows } from './hdf5-file.ts';
import type { Dataset, Hdf5File } from './hdf5-file.ts';

/** Layouts, as `--layout` names them. */
export const HDF5_LAYOUTS = ['prophesee', 'dsec', 'columns', 'array'] as const;

/** How events lie in an HDF5 file. */
export type Hdf5Layout = (typeof HDF5_LAYOUTS)[number];

/** A column of events: numbers at an offset of each row of a dataset. */
export interface Hdf5Column {
  readonly dataset: Dataset;
  readonly offset: number;
  readonly type: NumberType;
}

/** Where the events of a file are. */
export interface Hdf5Recording {
  readonly layout: Hdf5Layout;
  readonly columns: Readonly<Record<'t' | 'x' | 'y' | 'p', Hdf5Column>>;
  readonly rows: number;
  readonly timeUnit: TimeUnit;
  /** Added to each time, in the file's unit. */
  readonly timeOffset: number;
  readonly geometry: Geometry | null;
  readonly header: Readonly<Record<string, string>>;
  /** External triggers of Prophesee's files. */
  readonly triggers: Dataset | null;
}

/** What the caller says of a file. */
export interface RecordingHints {
  /** @default the one that the file has */
  readonly layout?: Hdf5Layout | undefined;
  /** Order of the columns of an array. @default t,x,y,p */
  readonly columns?: readonly TextColumn[] | undefined;
  /** @default what the file says */
  readonly timeUnit?: TimeUnit | undefined;
}

type Found = Omit<Hdf5Recording, 'timeUnit' | 'geometry' | 'header'> & {
  readonly timeUnit: TimeUnit | null;
  readonly attributes: readonly Attributes[];
};

/**
 * Finds the events of a file.
 * @throws RuvectorError `ERR_EVENTS_FORMAT` where there are none, `ERR_EVENTS_TIME_UNIT`, `ERR_EVENTS_DATA`
 */
export async function findRecording(file: Hdf5File, hints: RecordingHints): Promise<Hdf5Recording> {
  const found = await findEvents(file, hints);
  const root = (await file.findAttributes('/')) ?? new Map<string, number | string>();
  const attributes = [...found.attributes, root];
  const timeUnit = hints.timeUnit ?? findUnit(attributes) ?? found.timeUnit;
  if (timeUnit === null) {
    throw timeUnitError(
      file.path,
      `neither its layout (${found.layout}) nor an attribute says the unit of its times`,
    );
  }
  const header = Object.fromEntries([...root].map(([name, value]) => [name, String(value)]));
  return { ...found, timeUnit, geometry: findGeometry(attributes), header };
}

async function findEvents(file: Hdf5File, { layout, columns }: RecordingHints): Promise<Found> {
  if (layout === undefined || layout === 'prophesee') {
    const found = await findProphesee(file);
    if (found) return found;
  }
  if (layout === undefined || layout === 'dsec' || layout === 'columns') {
    const found = await findColumns(file, layout);
    if (found) return found;
  }
  if (layout === undefined || layout === 'array') {
    const found = await findArray(file, columns);
    if (found) return found;
  }
  const state =
    layout === undefined ? 'it has none of the layouts that are known' : `it has no layout "${layout}"`;
  throw noEventsError(file.path, `${state} (${HDF5_LAYOUTS.join(', ')})`);
}

async function findProphesee(file: Hdf5File): Promise<Found | null> {
  const dataset = await file.findDataset('/CD/events');
  if (dataset?.type.kind !== 'compound' || dataset.dimensions.length !== 1) return null;
  const columns = fieldColumns(dataset, names);
  if (!columns) throw noEventsError(file.path, '"/CD/events" has not the fields x, y, p and t');
  return {
    layout: 'prophesee',
    columns,
    rows: datasetRows(dataset),
    timeUnit: 'us',
    timeOffset: 0,
    triggers: await file.findDataset('/EXT_TRIGGER/events'),
    attributes: [dataset.attributes],
  };
}

/** Names that columns have, the usual one first. */
const names: Readonly<Record<'t' | 'x' | 'y' | 'p', readonly string[]>> = {
  t: ['t', 'ts', 'timestamp', 'timestamps', 'time', 'times'],
  x: ['x', 'xs'],
  y: ['y', 'ys'],
  p: ['p', 'ps', 'pol', 'polarity', 'polarities', 'on'],
};

function fieldColumns(
  dataset: Dataset,
  wanted: Readonly<Record<'t' | 'x' | 'y' | 'p', readonly string[]>>,
): Hdf5Recording['columns'] | null {
  if (dataset.type.kind !== 'compound') return null;
  const { fields } = dataset.type;
  const find = (candidates: readonly string[]): Hdf5Column | null => {
    const field = fields.find(({ name, type }) => candidates.includes(name) && isNumber(type));
    return field ? { dataset, offset: field.offset, type: field.type as NumberType } : null;
  };
  const [t, x, y, p] = [find(wanted.t), find(wanted.x), find(wanted.y), find(wanted.p)];
  return t && x && y && p ? { t, x, y, p } : null;
}

const isNumber = (type: Dataset['type']): type is NumberType =>
  type.kind === 'integer' || type.kind === 'float';

const groups = ['/events', '', '/CD/events', '/CD', '/cd', '/davis/events'];

async function findColumns(file: Hdf5File, layout: 'dsec' | 'columns' | undefined): Promise<Found | null> {
  for (const group of groups) {
    const columns = await findGroupColumns(file, group);
    if (!columns) continue;
    const offset = await findOffset(file, group);
    const isDsec = layout === 'dsec' || (layout === undefined && offset !== null);
    const { t, x, y, p } = columns;
    const rows = [t, x, y, p].map(({ dataset }) => datasetRows(dataset));
    if (new Set(rows).size > 1) {
      throw noEventsError(file.path, `its columns t, x, y and p have ${rows.join(', ')} rows`);
    }
    const groupAttributes =
      (await file.findAttributes(group === '' ? '/' : group)) ?? new Map<string, string>();
    return {
      layout: isDsec ? 'dsec' : 'columns',
      columns,
      rows: rows[0]!,
      timeUnit: isDsec ? 'us' : group === '/events' && t.type.kind === 'float' ? 's' : null,
      timeOffset: offset ?? 0,
      triggers: null,
      attributes: [t.dataset.attributes, groupAttributes],
    };
  }
  return null;
}

async function findGroupColumns(file: Hdf5File, group: string): Promise<Hdf5Recording['columns'] | null> {
  const whole = group === '' ? null : await file.findDataset(group);
  if (whole) return whole.dimensions.length === 1 ? fieldColumns(whole, names) : null;
  const find = async (candidates: readonly string[]): Promise<Hdf5Column | null> => {
    for (const name of candidates) {
      const dataset = await file.findDataset(`${group}/${name}`);
      const isFlat = dataset !== null && dataset.dimensions.slice(1).every((length) => length === 1);
      if (dataset && isFlat && dataset.dimensions.length > 0 && isNumber(dataset.type)) {
        return { dataset, offset: 0, type: dataset.type };
      }
    }
    return null;
  };
  const t = await find(names.t);
  if (!t) return null;
  const [x, y, p] = [await find(names.x), await find(names.y), await find(names.p)];
  return x && y && p ? { t, x, y, p } : null;
}

/** DSEC's offset of times, 0 where only its index by milliseconds is there; null where the layout is another. */
async function findOffset(file: Hdf5File, group: string): Promise<number | null> {
  for (const path of ['/t_offset', `${group}/t_offset`]) {
    const dataset = await file.findDataset(path);
    if (!dataset || !isNumber(dataset.type)) continue;
    return readNumber(dataset.type, await dataset.readRows(0, 1), 0);
  }
  for (const path of ['/ms_to_idx', `${group}/ms_to_idx`]) if (await file.findDataset(path)) return 0;
  return null;
}

const arrays = ['/events', '/event', '/data', '/CD/events', '/events/events', '/events/data'];

/** Columns of an array, where an attribute of it names them. */
function namedColumns({ attributes }: Dataset): readonly TextColumn[] | null {
  const named = String(attributes.get('columns') ?? '').split(',');
  return ['t', 'x', 'y', 'p'].every((name) => named.includes(name)) ? (named as TextColumn[]) : null;
}

async function findArray(file: Hdf5File, declared: readonly TextColumn[] | undefined): Promise<Found | null> {
  for (const path of arrays) {
    const dataset = await file.findDataset(path);
    if (!dataset || !isNumber(dataset.type) || dataset.dimensions.length !== 2) continue;
    const order = declared ?? namedColumns(dataset) ?? (['t', 'x', 'y', 'p'] as const);
    if (dataset.dimensions[1] !== order.length) {
      throw noEventsError(
        file.path,
        `"${path}" has ${dataset.dimensions[1]} columns where ${order.length} are named`,
      );
    }
    const { type } = dataset;
    const at = (name: TextColumn): Hdf5Column => ({
      dataset,
      offset: order.indexOf(name) * type.sizeBytes,
      type,
    });
    const isV2e = type.kind === 'integer' && type.sizeBytes === 4 && /^\/events?$/.test(path);
    return {
      layout: 'array',
      columns: { t: at('t'), x: at('x'), y: at('y'), p: at('p') },
      rows: datasetRows(dataset),
      timeUnit: isV2e ? 'us' : null,
      timeOffset: 0,
      triggers: null,
      attributes: [dataset.attributes],
    };
  }
  return null;
}

/** The unit that an attribute of the times, their group or the file names. */
function findUnit(all: readonly Attributes[]): TimeUnit | null {
  for (const attributes of all) {
    for (const name of ['unit', 'units', 'time_unit', 'timeUnit', 't_unit', 'time_units']) {
      const value = attributes.get(name);
      const unit = typeof value === 'string' ? parseTimeUnit(value) : undefined;
      if (unit) return unit;
    }
  }
  return null;
}

/** `geometry` as WxH, or width and height. */
function findGeometry(all: readonly Attributes[]): Geometry | null {
  for (const attributes of all) {
    const match = /^\s*(\d+)\s*[x,×]\s*(\d+)\s*$/.exec(String(attributes.get('geometry') ?? ''));
    if (match) return { width: Number(match[1]), height: Number(match[2]) };
    const [width, height] = [Number(attributes.get('width')), Number(attributes.get('height'))];
    if (width > 0 && height > 0) return { width, height };
  }
  return null;
}
