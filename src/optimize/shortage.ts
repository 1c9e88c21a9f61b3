// Who is short of memory: the host by its available memory, a cgroup by what is left below its limit
// and by the stall measured inside it. PSI of the whole host is no evidence: it also counts the stall
// of cgroups that nothing outside them can help.
import { labels } from '../core/index.ts';
import type { Label, MemorySnapshot } from '../core/index.ts';
import type { MemoryCgroup } from './memory-cgroup.ts';
import { RULE_THRESHOLDS } from './rule-policy.ts';
import type { RuleThreshold } from './rule-policy.ts';
import { MAJOR_FAULT_US } from './stall-meter.ts';

/** Somebody who is short of memory. */
export interface Shortage {
  /** `host`, or the folder of the cgroup. */
  readonly who: string;
  /** How badly, by the thresholds of the rule. */
  readonly label: Label;
  /** One line of evidence. */
  readonly evidence: string;
  /** Bytes that would bring available memory back over the first threshold; null when it is not too low. */
  readonly missingBytes: number | null;
}

/** Available bytes come back to this much above the first threshold before it counts as relieved. */
const MARGIN = 0.02;

const bySeverity = RULE_THRESHOLDS.toSorted((a, b) => labels.indexOf(b.label) - labels.indexOf(a.label));
const mildestAvailable = Math.max(
  ...RULE_THRESHOLDS.filter(({ signal }) => signal === 'available').map(({ limit }) => limit),
);

/** The host's shortage, by available memory alone; null when there is none. */
export function findHostShortage(
  snapshot: Pick<MemorySnapshot, 'mem_available_kib' | 'mem_total_kib'>,
): Shortage | null {
  const availableBytes = snapshot.mem_available_kib * 1024;
  return findShortage('host', availableBytes, snapshot.mem_total_kib * 1024, NO_STALL);
}

/** Stall inside a cgroup, shares of time; null where it is not known. */
export interface CgroupStall {
  readonly someFraction: number | null;
  readonly fullFraction: number | null;
  /** Where the shares come from. */
  readonly source: string;
}

const NO_STALL: CgroupStall = { someFraction: null, fullFraction: null, source: '' };

/** A cgroup's shortage; null when there is none. */
export function findCgroupShortage(group: MemoryCgroup, stall: CgroupStall): Shortage | null {
  const availableBytes = Math.max(0, group.limitBytes - group.usageBytes) + group.fileBytes;
  return findShortage(group.path, Math.min(availableBytes, group.limitBytes), group.limitBytes, stall);
}

function findShortage(
  who: string,
  availableBytes: number,
  totalBytes: number,
  stall: CgroupStall,
): Shortage | null {
  const share = totalBytes === 0 ? 0 : availableBytes / totalBytes;
  const values = { available: share, 'psi-some': stall.someFraction, 'psi-full': stall.fullFraction };
  const fired = bySeverity.find((threshold) => isReached(threshold, values[threshold.signal]));
  if (fired === undefined) return null;
  const isLow = share <= mildestAvailable;
  const left = `${percent(share)} of ${who === 'host' ? 'memory' : 'its limit'} available`;
  const stalled = `stalls ${percent(values[fired.signal] ?? 0)} of the time (${stall.source})`;
  return {
    who,
    label: fired.label,
    evidence: fired.signal === 'available' ? left : `${stalled}, ${left}`,
    missingBytes: isLow ? Math.ceil((mildestAvailable + MARGIN - share) * totalBytes) : null,
  };
}

function isReached({ signal, limit }: RuleThreshold, value: number | null): boolean {
  if (value === null) return false;
  return signal === 'available' ? value <= limit : value >= limit;
}

/** Keeps the last counters of each cgroup and tells its stall. */
export interface CgroupStallMeter {
  /** Notes the counters of a cgroup and gives its stall since about `windowMs` ago. */
  observe(group: MemoryCgroup, nowMs: number): CgroupStall;
}

interface CgroupSample {
  readonly atMs: number;
  readonly group: MemoryCgroup;
}

/** Builds the meter. @param windowMs length of the window; GMemoryMonitor's is 2 s */
export function createCgroupStallMeter(windowMs = 2000): CgroupStallMeter {
  const histories = new Map<string, CgroupSample[]>();
  return {
    observe(group, nowMs) {
      for (const [path, kept] of histories) {
        if (nowMs - kept.at(-1)!.atMs > 30 * windowMs) histories.delete(path);
      }
      const samples = histories.get(group.path) ?? [];
      histories.set(group.path, samples);
      samples.push({ atMs: nowMs, group });
      while (samples.length > 2 && samples[1]!.atMs <= nowMs - windowMs) samples.shift();
      return stallBetween(samples[0]!, samples.at(-1)!);
    },
  };
}

/** Shortest time that gives a rate. */
const MIN_SPAN_MS = 250;

function stallBetween(from: CgroupSample, to: CgroupSample): CgroupStall {
  const spanUs = (to.atMs - from.atMs) * 1000;
  const rise = (key: 'someUs' | 'fullUs' | 'majorFaults' | 'refaults'): number | null => {
    const [a, b] = [from.group[key], to.group[key]];
    return a === null || b === null || b < a ? null : b - a;
  };
  if (spanUs < MIN_SPAN_MS * 1000) return NO_STALL;
  const some = rise('someUs');
  if (some !== null) {
    const full = rise('fullUs');
    const share = (us: number): number => Math.min(1, us / spanUs);
    return { someFraction: share(some), fullFraction: full === null ? null : share(full), source: 'its PSI' };
  }
  return estimateStall(rise('majorFaults'), rise('refaults'), spanUs);
}

/** Measured beside PSI of the same load: 2.1 µs a page gave 53 % where PSI said 14 %, as most are read ahead. */
export const REFAULT_STALL_US = 0.55;

// v1 has no PSI a cgroup. Pages that came back after the kernel took them are what stalls there, each
// for as long as was measured; a major fault is a read that was waited for.
function estimateStall(majorFaults: number | null, refaults: number | null, spanUs: number): CgroupStall {
  if (refaults === null) return NO_STALL;
  const waited = Math.min(majorFaults ?? 0, refaults);
  const us = waited * MAJOR_FAULT_US.none + (refaults - waited) * REFAULT_STALL_US;
  return {
    someFraction: Math.min(1, us / spanUs),
    fullFraction: null,
    source: `${refaults} pages came back, ${waited} of them read from the device`,
  };
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
