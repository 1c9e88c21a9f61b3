// What few need and many megabytes take: optional peers of the package, installed by `ruvector-memopt setup <extra>`.
// Their packages are imported where they are used, after requireExtra().
import { findPackageJSON } from 'node:module';
import { missingExtraError } from './errors.ts';

/** A set of packages behind one part of the product. */
export interface Extra {
  /** As in `setup <name>`. */
  readonly name: string;
  /** What it is for. */
  readonly purpose: string;
  /** Size once installed, as the bench `install` measures it. */
  readonly sizeMb: number;
  /** Names; versions are the peerDependencies of package.json. */
  readonly packages: readonly string[];
}

const tensorflow = ['core', 'layers', 'backend-wasm', 'backend-cpu'].map(
  (part) => `@tensorflow/tfjs-${part}`,
);

/** Every extra by its name. */
export const extras = {
  tfjs: {
    name: 'tfjs',
    purpose: 'networks without Python (train --backend tfjs)',
    sizeMb: 105,
    packages: tensorflow,
  },
  pglite: {
    name: 'pglite',
    purpose: 'an embedded database (dag demo, dag steer without --url)',
    sizeMb: 29,
    packages: ['@electric-sql/pglite', '@electric-sql/pglite-pgvector'],
  },
} as const satisfies Record<string, Extra>;

/** Name of an extra. */
export type ExtraName = keyof typeof extras;

/** Packages of an extra that cannot be imported from here. */
export function findMissingPackages(name: ExtraName): string[] {
  return extras[name].packages.filter((packageName) => !isInstalled(packageName));
}

/**
 * Checks that an extra is there, before any work begins.
 * @throws RuvectorError `ERR_APP_EXTRA` with the command that installs it
 */
export function requireExtra(name: ExtraName): void {
  const missing = findMissingPackages(name);
  if (missing.length > 0) throw missingExtraError(extras[name], missing);
}

function isInstalled(packageName: string): boolean {
  try {
    return findPackageJSON(packageName, import.meta.url) !== undefined;
  } catch {
    return false;
  }
}
