// Versions of data: patch is the same data repackaged, minor has rows or columns added and none changed,
// major changed or removed some. https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html (version)
import type { ChangeLevel } from './publish-contract.ts';

const VERSION = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/;

/** Three numbers; undefined for anything else. */
export function parseVersion(text: string): readonly [number, number, number] | undefined {
  const match = VERSION.exec(text);
  return match ? [Number(match[1]), Number(match[2]), Number(match[3])] : undefined;
}

/** The version after `previous`; the first is 1.0.0. */
export function nextVersion(previous: string | null, change: ChangeLevel): string {
  const [major, minor, patch] = parseVersion(previous ?? '') ?? [0, 0, 0];
  if (change === 'none') return previous!;
  if (change === 'patch') return `${major}.${minor}.${patch + 1}`;
  if (change === 'minor') return `${major}.${minor + 1}.0`;
  return `${major + 1}.0.0`;
}

/** Negative, 0 or positive as `a` is before, at or after `b`. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parseVersion(a)!, parseVersion(b)!];
  const at = left.findIndex((part, i) => part !== right[i]);
  return at < 0 ? 0 : left[at]! - right[at]!;
}
