// The options of an anonymizer. `export` and `publish` take theirs from here.
import { defaultsOf } from '../core/index.ts';
import type { OptionTable } from '../core/index.ts';

export const anonymizerOptions = {
  k: {
    type: 'integer',
    default: 5,
    range: { min: 1 },
    wanted: 'a whole number from 1',
    about: 'rows that must look alike in all that could single one out, when anonymised',
    example: 10,
  },
  timePrecisionMs: {
    type: 'integer',
    unit: 'ms',
    default: 3_600_000,
    range: { min: 1 },
    wanted: 'a whole number from 1',
    about: 'times are rounded down to this when anonymised',
    example: 86_400_000,
  },
  maxSuppressedShare: {
    type: 'number',
    default: 0.5,
    range: { min: 0, max: 1 },
    wanted: '0 to 1',
    about: 'largest share of rows that may be suppressed before a release is refused',
    example: 0.1,
  },
} as const satisfies OptionTable;

export const anonymizerDefaults = defaultsOf(anonymizerOptions);
