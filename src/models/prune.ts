// Which versions of a name go when there are more than are kept. Never what an alias names or somebody uses; what
// was never live (refused, or only stored) goes before what was, and the older before the newer. What was added a
// short while ago may still go live: it is not refused yet.
import { msOfVersion } from './reference.ts';
import type { Aliases } from './reference.ts';
import { aliasesOf } from './alias-file.ts';
import type { AliasState } from './alias-file.ts';

/** Versions kept of each name when nothing else is said. */
export const DEFAULT_KEEP_VERSIONS = 20;

/** Another process may still be about to make a version live that it added: a gate takes seconds. */
const UNDECIDED_MS = 600_000;

/** A version that went, or would. */
export interface PrunedVersion {
  readonly name: string;
  readonly version: string;
  /** False for one that was refused or only stored. */
  readonly wasLive: boolean;
}

/** What pruning did. */
export interface PruneReport {
  /** Versions kept of each name; 0 is all. */
  readonly keep: number;
  readonly dryRun: boolean;
  readonly pruned: readonly PrunedVersion[];
}

/**
 * Chooses the versions to remove.
 * @param versions of one name
 * @param keep how many stay, those that an alias names among them; 0 keeps all
 */
export function choosePruned(
  versions: readonly string[],
  { aliases, served }: AliasState,
  inUse: ReadonlySet<string>,
  keep: number,
): string[] {
  if (keep === 0) return [];
  const isFree = (version: string): boolean => aliasesOf(aliases, version).length === 0 && !inUse.has(version);
  const wasLive = new Set(served);
  const free = versions.filter(isFree).sort();
  const latestMs = Math.max(...versions.map(msOfVersion));
  const isRefused = (version: string): boolean =>
    !wasLive.has(version) && latestMs - msOfVersion(version) > UNDECIDED_MS;
  const inOrder = [...free.filter(isRefused), ...free.filter((version) => !isRefused(version))];
  return inOrder.slice(0, Math.max(0, versions.length - keep));
}

/** One line for the log. */
export function describePruned({ keep, pruned }: PruneReport): string {
  const names = pruned.map(({ name, version, wasLive }) => `${name}@${version}${wasLive ? '' : ' (never live)'}`);
  return `pruned ${pruned.length} model version${pruned.length === 1 ? '' : 's'} (${keep} are kept): ${names.join(', ')}`;
}

/** Says why a version may not be removed; null when it may. */
export function whyKept(aliases: Aliases, inUse: ReadonlySet<string>, version: string): string | null {
  const names = aliasesOf(aliases, version);
  if (names.length > 0) return `it is ${names.join(' and ')}; activate another version first`;
  return inUse.has(version) ? 'it is being loaded, verified or served; try again when that has ended' : null;
}
