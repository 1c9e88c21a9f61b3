// Vega and Vega-Lite charts: their specification for front ends that draw it, a line of text, and a picture for
// those that do not (nbconvert, GitHub) where the notebook's project has vega and vega-lite.
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { dataOf, isRecord, methodOf } from './inspect-property.ts';
import { Number, Object, Promise, String } from '../primordials.ts';

type Data = Readonly<Record<string, unknown>>;

/** The newest versions that JupyterLab draws: later ones are offered as these too. */
const NEWEST = 5;
/** How long a chart may load its data before it is shown without a picture. */
const DRAW_MS = 3000;

/** Data of a specification, or of an object whose `toSpec` gives one. */
export function showVega(value: object): Data | null {
  const spec = dataOf(value, '$schema') === undefined ? methodOf(value, 'toSpec')?.() : value;
  if (!isRecord(spec) || typeof spec['$schema'] !== 'string') return null;
  const match = /\/schema\/(vega|vega-lite)\/v(\d+)/.exec(spec['$schema']);
  if (!match) return null;
  const isLite = match[1] === 'vega-lite';
  const mimeOf = (version: number): string =>
    `application/vnd.${isLite ? 'vegalite' : 'vega'}.v${version}+json`;
  const version = Number(match[2]);
  return {
    [mimeOf(version)]: spec,
    ...(version > NEWEST ? { [mimeOf(NEWEST)]: spec } : {}),
    'text/plain': `${isLite ? 'Vega-Lite' : 'Vega'} chart: ${describeSpec(spec)}`,
  };
}

function describeSpec({ mark, encoding, title }: Data): string {
  const kind = isRecord(mark) ? mark['type'] : mark;
  const fields = isRecord(encoding)
    ? Object.entries(encoding).map(([channel, held]) => `${channel}=${fieldOf(held)}`)
    : [];
  return [title, kind, ...fields].filter((part) => typeof part === 'string').join(' ');
}

const fieldOf = (channel: unknown): string =>
  isRecord(channel) && typeof channel['field'] === 'string' ? channel['field'] : '-';

interface VegaModule {
  parse(spec: unknown): unknown;
  View: new (runtime: unknown, options: object) => { toSVG(): Promise<string>; finalize(): void };
}

interface VegaLiteModule {
  compile(spec: unknown, options: object): { readonly spec: unknown };
}

/** Adds the picture to the data of a chart; null at once when there is no chart, or nothing to draw it with. */
export function drawVega(data: Data): Promise<Data> | null {
  const found = Object.keys(data).find((mime) => /^application\/vnd\.vega(lite)?\.v\d+\+json$/.test(mime));
  if (found === undefined || 'image/svg+xml' in data || 'image/png' in data) return null;
  const isLite = found.includes('vegalite');
  if (!hasPackage('vega') || (isLite && !hasPackage('vega-lite'))) return null;
  const picture = draw(data[found], isLite).catch(() => null);
  const limit = delay(DRAW_MS, null, { ref: false });
  return Promise.race([picture, limit]).then((svg) =>
    svg === null ? data : { ...data, 'image/svg+xml': svg },
  );
}

/** Whether the notebook's folder finds a package, also one that CommonJS cannot load. */
function hasPackage(name: string): boolean {
  try {
    createRequire(resolve('cell.cjs')).resolve(name);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_PACKAGE_PATH_NOT_EXPORTED';
  }
}

/** Vega's logger: says nothing, and remembers that data could not be had: that chart would be an empty frame. */
function createLogger(): { readonly hasFailed: () => boolean } {
  let failed = false;
  const logger = {
    hasFailed: () => failed,
    level: () => logger,
    error: () => {
      failed = true;
      return logger;
    },
    warn: (...words: unknown[]) => {
      failed ||= String(words[0]).includes('Loading failed');
      return logger;
    },
    info: () => logger,
    debug: () => logger,
  };
  return logger;
}

/** The prefix of importer.ts: packages are those of the notebook's folder. */
const fromNotebook = (name: string): string => `ruvector-cell:${name}`;

async function draw(spec: unknown, isLite: boolean): Promise<string | null> {
  const logger = createLogger();
  const vega = (await import(fromNotebook('vega'))) as VegaModule;
  const full = isLite
    ? ((await import(fromNotebook('vega-lite'))) as VegaLiteModule).compile(spec, { logger }).spec
    : spec;
  const view = new vega.View(vega.parse(full), { renderer: 'none', logger });
  try {
    const svg = await view.toSVG();
    return logger.hasFailed() ? null : svg;
  } finally {
    view.finalize();
  }
}
