// The Python that has ruvector, the test peers and their packages.
import { join } from 'node:path';

/** `RUVECTOR_PYTHON`, as the scripts set it, else the project's own. */
export const python: string =
  process.env['RUVECTOR_PYTHON'] ?? join(import.meta.dirname, '..', '..', '.venv', 'bin', 'python');

/** Environment of peers that import jsonschema, as all of Jupyter does: they start in half the time. */
export const jsonSchemaEnv = { PYTHONPATH: join(import.meta.dirname, 'python-path') };
