// Writes a recording to an HDF5 file. Whoever calls sees to it that the file takes its place as a whole.
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { writeAll } from '../../../files/index.ts';
import type { EventBatch, Geometry } from '../../model/index.ts';
import { ArrayRecording, ColumnsRecording, DsecRecording } from './columns-recording.ts';
import type { RecordingWriter } from './columns-recording.ts';
import type { Hdf5Layout } from '../recording-layout.ts';
import type { Hdf5Compression } from './encode-chunk.ts';
import { Hdf5Container } from './hdf5-container.ts';
import { PropheseeRecording } from './prophesee-recording.ts';

/** Options of {@link openHdf5Writer}. */
export interface Hdf5WriteOptions {
  /** @default columns */
  readonly layout?: Hdf5Layout | undefined;
  /** Of columns; Prophesee's layout is always ECF. @default gzip */
  readonly compression?: Hdf5Compression | undefined;
  /** Unit of the times that come. @default us */
  readonly resolution?: 'us' | 'ns' | undefined;
  readonly geometry?: Geometry | null | undefined;
}

const recordings = {
  array: ArrayRecording,
  columns: ColumnsRecording,
  dsec: DsecRecording,
  prophesee: PropheseeRecording,
};

/** A file in the making. It is one only after `finish`. */
export class Hdf5EventWriter {
  readonly #file: FileHandle;
  readonly #container: Hdf5Container;
  readonly #recording: RecordingWriter;

  constructor(file: FileHandle, options: Hdf5WriteOptions) {
    this.#file = file;
    this.#container = new Hdf5Container({ writeAt: (bytes, offset) => writeAll(file, bytes, offset) });
    this.#recording = new recordings[options.layout ?? 'columns']({
      container: this.#container,
      compression: options.compression ?? 'gzip',
      timeUnit: options.resolution ?? 'us',
      geometry: options.geometry ?? null,
    });
  }

  /**
   * Appends a batch; its memory may be used again when this resolves.
   * @throws RuvectorError `ERR_EVENTS_ENCODE` for an event that the layout cannot hold
   */
  async write(batch: EventBatch): Promise<void> {
    await this.#recording.write(batch);
  }

  /** Writes what lists the events, and closes the file. */
  async finish(): Promise<void> {
    try {
      const { root, attributes } = await this.#recording.finish();
      await this.#container.finish(root, attributes);
    } finally {
      await this.#file.close();
    }
  }

  /** Closes the file as it is. */
  async abort(): Promise<void> {
    await this.#file.close();
  }
}

/**
 * Opens a new file, or one that is overwritten.
 * @throws RuvectorError `ERR_EVENTS_OPTIONS`; system errors
 */
export async function openHdf5Writer(path: string, options: Hdf5WriteOptions = {}): Promise<Hdf5EventWriter> {
  const file = await open(path, 'w');
  try {
    return new Hdf5EventWriter(file, options);
  } catch (error) {
    await file.close();
    throw error;
  }
}
