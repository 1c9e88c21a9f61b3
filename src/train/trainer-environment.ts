// The environment of a trainer: what Python and its libraries need, and no secret of the parent.

const passed = [
  'PATH',
  'HOME',
  'USER',
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'TZ',
  'TMPDIR',
  'TEMP',
  'TMP',
  'SYSTEMROOT',
  'LD_LIBRARY_PATH',
  'DYLD_LIBRARY_PATH',
  'VIRTUAL_ENV',
  'XDG_CACHE_HOME',
  'XDG_DATA_HOME',
  'MLFLOW_TRACKING_URI',
  'MLFLOW_EXPERIMENT_NAME',
  'RUVECTOR_HOME',
];

/** File descriptor on which a trainer speaks. */
export const TRAINER_FD = 3;

/**
 * Builds the environment of a trainer.
 * @param threads threads of the numeric libraries; the host they train on has other work
 */
export function buildTrainerEnvironment(
  parent: Readonly<Record<string, string | undefined>>,
  threads: number,
): Record<string, string> {
  const kept = passed.flatMap((name): [string, string][] =>
    parent[name] === undefined ? [] : [[name, parent[name]]],
  );
  return {
    ...Object.fromEntries(kept),
    RUVECTOR_TRAINER_FD: String(TRAINER_FD),
    PYTHONUNBUFFERED: '1',
    // A file called onnx.py in the working directory must not be imported in place of the package.
    PYTHONSAFEPATH: '1',
    OMP_NUM_THREADS: String(threads),
    OPENBLAS_NUM_THREADS: String(threads),
    MKL_NUM_THREADS: String(threads),
  };
}
