// Errors of HDF5 that no other format has.
import { RuvectorError } from '../../core/index.ts';

/** What own reading of HDF5 does not know; libhdf5 is asked instead. Never leaves this folder. */
export class NotNative extends Error {}

/** Who brings a filter that is registered with the HDF Group. */
const filterPackages: Readonly<Record<number, string>> = {
  305: 'LZO, of PyTables',
  32009: 'mafisc',
  32017: 'sz, of hdf5plugin',
  32018: 'fcidecomp, of hdf5plugin',
  32024: 'sz3, of hdf5plugin',
  32028: 'sperr, of hdf5plugin',
};

/** A dataset whose filter nobody here has, code `ERR_EVENTS_FILTER`. */
export function missingFilterError(
  path: string,
  dataset: string,
  id: number,
  name: string,
  cause?: unknown,
): RuvectorError {
  const known = filterPackages[id] ?? (name === '' ? 'a filter without a name' : `"${name}"`);
  return new RuvectorError(
    'ERR_EVENTS_FILTER',
    `Cannot read "${dataset}" of "${path}": its chunks went through filter ${id} (${known}), ` +
      'which neither this package nor h5wasm-plugins has; write the file again with gzip, zstd, blosc or lz4 ' +
      '(h5repack -f GZIP=4), where that filter is installed',
    { cause, details: { path, dataset, filter: id, name } },
  );
}

/** What libhdf5 said of a file, code `ERR_EVENTS_DATA`. */
export function libraryError(path: string, dataset: string, cause: unknown): RuvectorError {
  const said = cause instanceof Error ? cause.message.split('\n')[0]! : String(cause);
  return new RuvectorError(
    'ERR_EVENTS_DATA',
    `Cannot decode "${path}": byte 0: libhdf5 cannot read "${dataset}" (${said}); it is damaged or written in a way ` +
      'that is not known: copy or record it again',
    { cause, details: { path, dataset, byte: 0 } },
  );
}

/** A file without events where they are looked for, code `ERR_EVENTS_FORMAT`. */
export function noEventsError(path: string, state: string): RuvectorError {
  return new RuvectorError(
    'ERR_EVENTS_FORMAT',
    `Cannot read events of "${path}": byte 0: ${state}; name its layout with --layout, or another file`,
    { details: { path, byte: 0 } },
  );
}
