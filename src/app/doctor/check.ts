// What a check of `doctor` is. Types only.
import type { Home } from '../../core/index.ts';

/** What one check found. */
export interface CheckResult {
  name: string;
  state: 'ok' | 'limited' | 'missing';
  found: string;
  /** What does not work because of it. */
  costs: string;
  /** How to fix it. */
  fix: string;
}

/** One check. */
export interface Check {
  readonly name: string;
  /** How bad a failure is. */
  readonly severity: 'limited' | 'missing';
  readonly costs: string;
  readonly fix: string;
  /** Says what was found, or throws what is wrong. */
  readonly look: (home: Home) => Promise<string>;
}
