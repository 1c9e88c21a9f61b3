// Filters of HDF5 by the numbers under which they are registered (https://github.com/HDFGroup/hdf5_plugins).
/** Numbers under which filters are registered. */
export const filterIds = {
  deflate: 1,
  shuffle: 2,
  fletcher32: 3,
  blosc: 32001,
  lz4: 32004,
  zstd: 32015,
  ecf: 36559,
} as const;
