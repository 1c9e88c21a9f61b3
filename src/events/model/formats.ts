// The names of formats, units and polarities: spelt here once, for options, errors and --help.

/** Every format of {@link EventFormat}, in the order --help shows them. */
export const EVENT_FORMATS = [
  'evt2',
  'evt21',
  'evt21-legacy',
  'evt3',
  'evt4',
  'dat',
  'hdf5',
  'aedat4',
  'text',
] as const;

/** A file format of event recordings; `evt21-legacy` is EVT2.1 with the high half of each word first. */
export type EventFormat = (typeof EVENT_FORMATS)[number];

/** The formats whose data are a stream of words after a text header: what a block decoder reads. */
export type WordFormat = Extract<EventFormat, 'evt2' | 'evt21' | 'evt21-legacy' | 'evt3' | 'evt4' | 'dat'>;

/** Size of one word (one record of DAT) in bytes: blocks for workers are cut at its multiples. */
export const WORD_BYTES: Readonly<Record<WordFormat, number>> = {
  evt2: 4,
  evt21: 8,
  'evt21-legacy': 8,
  evt3: 2,
  evt4: 4,
  dat: 8,
};

/** What one turn of a format's clock adds to t, in microseconds. */
export const WRAP_MICROSECONDS: Readonly<Record<WordFormat, number>> = {
  evt2: 2 ** 34,
  evt21: 2 ** 34,
  'evt21-legacy': 2 ** 34,
  evt3: 2 ** 24,
  evt4: 2 ** 34,
  dat: 2 ** 32,
};

/** Units a file's times may have. */
export const TIME_UNITS = ['us', 'ms', 's', 'ns'] as const;

/** The unit of a file's times: declared by the file or the caller, never guessed. */
export type TimeUnit = (typeof TIME_UNITS)[number];

/** Polarities a reader gives. */
export const POLARITIES = ['signed', 'unsigned', 'native'] as const;

/** `signed` −1/1, `unsigned` 0/1, `native` as the file stores it (0/1 in RAW and DAT). */
export type Polarity = (typeof POLARITIES)[number];

/** The polarity each format gives when nobody asks for another. */
export const DEFAULT_POLARITY: Readonly<Record<EventFormat, Polarity>> = {
  evt2: 'signed',
  evt21: 'signed',
  'evt21-legacy': 'signed',
  evt3: 'signed',
  evt4: 'signed',
  dat: 'signed',
  hdf5: 'unsigned',
  aedat4: 'signed',
  text: 'unsigned',
};

/** The size of a sensor in pixels. */
export interface Geometry {
  readonly width: number;
  readonly height: number;
}
