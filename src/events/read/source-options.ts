// What a caller may say of a recording that the file does not say, and which of its events are wanted.
import type { PixelRegion } from '../filter/index.ts';
import type { Hdf5Layout } from '../hdf5/index.ts';
import type { EventFormat, Geometry, Polarity, TimeUnit } from '../model/index.ts';

/** What a file does not say. What is not said is read from the file or is the format's own; nothing is guessed. */
export interface FormatOptions {
  /** @default by the content */
  readonly format?: EventFormat | undefined;
  /** Unit of the times in text and in HDF5 columns. @default what the file says */
  readonly timeUnit?: TimeUnit | undefined;
  /** Columns of text in their order; `-` is one to pass over. @default what the file says, else t,x,y,p */
  readonly columns?: readonly ('t' | 'x' | 'y' | 'p' | '-')[] | undefined;
  /** Of HDF5. @default by the names in the file */
  readonly layout?: Hdf5Layout | undefined;
  /** −1/1, 0/1, or as the file has it. @default signed; unsigned for HDF5 and text */
  readonly polarity?: Polarity | undefined;
  /** Unit of the times that are given. @default us */
  readonly resolution?: 'us' | 'ns' | undefined;
  /** Size of the sensor. @default what the file says */
  readonly geometry?: Geometry | undefined;
  /** Leave out events outside the geometry; they are counted either way. @default false */
  readonly dropOutside?: boolean | undefined;
  /**
   * Threads that decode a RAW or DAT file; 0 is this one. Their start takes some 50 ms, which files of some hundred MiB
   * make good. @default 0
   */
  readonly workers?: number | undefined;
  /** Version of a DAT file whose header says none. @default 2 */
  readonly datVersion?: 1 | 2 | undefined;
}

/** A recording as it is opened. */
export interface SourceOptions extends FormatOptions {
  /** Events from `from` up to, without, `to`, in the unit of `t`. @default all */
  readonly timeWindow?: { readonly from?: number | bigint; readonly to?: number | bigint } | undefined;
  /** Events in a rectangle of pixels. @default all */
  readonly region?: PixelRegion | undefined;
  /** Events of one polarity. @default both */
  readonly keep?: 'on' | 'off' | undefined;
  /** Pixels whose events are left out, as `findHotPixels` gives them. Needs a geometry. @default none */
  readonly hotPixels?: readonly (readonly [x: number, y: number])[] | undefined;
  /** Leaves out an event that comes at most so long after the last one of its pixel, in the unit of `t`. @default all */
  readonly refractoryPeriod?: number | undefined;
  /** Keeps an event only where a pixel beside it had one less than this before, in the unit of `t`. @default all */
  readonly backgroundPeriod?: number | undefined;
}
