// An entry whose `create` sees its options under their types, and the making of a part from an entry.
import { isAbsolute, resolve } from 'node:path';
import { completeOptions } from '../../core/index.ts';
import type { OptionDefaults, OptionTable, OptionValues } from '../../core/index.ts';
import type { AnySink, AnySource, AnyStage } from '../plan/pipeline-parts.ts';
import type {
  PartContext,
  PartEntry,
  PartOptions,
  SinkEntry,
  SourceEntry,
  TransformEntry,
} from './plugin-entry.ts';

/** An option that has to be given, or has a default, is there. */
type Given<T extends OptionTable, R extends keyof T> = OptionDefaults<T> &
  Omit<OptionValues<T>, R> & { readonly [K in R]-?: NonNullable<OptionValues<T>[K]> };

interface Definition<T extends OptionTable, R extends keyof T & string, P> extends Omit<
  PartEntry<P>,
  'options' | 'required' | 'create' | 'check'
> {
  readonly options: T;
  readonly required?: readonly R[];
  readonly check?: (options: OptionValues<T>) => readonly string[];
  create(options: Given<T, R>, context: PartContext): P | Promise<P>;
}

/** A source by its definition. */
export const defineSource = <const T extends OptionTable, const R extends keyof T & string = never>(
  definition: Definition<T, R, AnySource>,
): SourceEntry => definition as unknown as SourceEntry;

/** A transform by its definition. */
export const defineTransform = <const T extends OptionTable, const R extends keyof T & string = never>(
  definition: Definition<T, R, AnyStage>,
): TransformEntry => definition as unknown as TransformEntry;

/** A sink by its definition. */
export const defineSink = <const T extends OptionTable, const R extends keyof T & string = never>(
  definition: Definition<T, R, AnySink>,
): SinkEntry => definition as unknown as SinkEntry;

/** Makes a part from options that were checked. */
export async function makePart<P>(entry: PartEntry<P>, given: PartOptions, context: PartContext): Promise<P> {
  const options = { ...(completeOptions(entry.options, given as never) as PartOptions) };
  for (const name of entry.paths ?? []) options[name] = locate(options[name], context.folder);
  return entry.create(options, context);
}

function locate(path: unknown, folder: string): unknown {
  if (Array.isArray(path)) return path.map((one) => locate(one, folder));
  const isElsewhere =
    typeof path !== 'string' || path === '-' || isAbsolute(path) || /^[a-z][a-z0-9+.-]+:\/\//i.test(path);
  if (isElsewhere) return path;
  // A final slash says that it is a folder.
  return `${resolve(folder, path)}${path.endsWith('/') ? '/' : ''}`;
}
