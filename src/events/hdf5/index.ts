// HDF5: read and written.
export { openHdf5Source } from './hdf5-source.ts';
export type { Hdf5Options } from './hdf5-source.ts';
export { HDF5_LAYOUTS } from './recording-layout.ts';
export type { Hdf5Layout } from './recording-layout.ts';
export type { Hdf5Compression } from './write/encode-chunk.ts';
export { openHdf5Writer } from './write/hdf5-writer.ts';
export type { Hdf5EventWriter, Hdf5WriteOptions } from './write/hdf5-writer.ts';
