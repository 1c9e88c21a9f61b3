// What `doctor` says of the packages that few need.
import { extras, findMissingPackages } from '../../core/index.ts';
import type { ExtraName } from '../../core/index.ts';
import type { Check } from './check.ts';

/** A part that is not installed costs something only where it is wanted. */
export const extrasCheck: Check = {
  name: 'Extras',
  severity: 'limited',
  costs: 'what is said above cannot be used; everything else can',
  fix: `ruvector-memopt setup ${Object.keys(extras).join(' | ')}`,
  look: async () => {
    const missing = (Object.keys(extras) as ExtraName[]).filter(
      (name) => findMissingPackages(name).length > 0,
    );
    if (missing.length === 0) return `${Object.keys(extras).join(', ')} installed`;
    throw new Error(
      `not installed: ${missing.map((name) => `${name}, for ${extras[name].purpose}`).join('; ')}`,
    );
  },
};
