// Which stage a run waits for, told from what its stages spent their time on.
import type { PipelineProgress, StageStats } from '../contract.ts';

/** What holds a run up. */
export interface Bottleneck {
  /** Name of the stage. */
  readonly stage: string;
  /** Share of the time that its workers were busy, 0–1. */
  readonly busyShare: number;
  /** One sentence. */
  readonly reason: string;
}

/** A stage less busy than this does not hold a run up. */
const LEAST_BUSY_SHARE = 0.5;
/** Memory is what is waited for when a source waits for most of its time and no stage is as busy. */
const FULL_SHARE = 0.9;

/** Names the stage that a run waits for; null when none has done anything yet. */
export function bottleneck({ stages, budget }: PipelineProgress): Bottleneck | null {
  const busiest = stages
    .map((stage) => ({ stage, busyShare: busyShareOf(stage) }))
    .reduce<{ stage: StageStats; busyShare: number } | null>(
      (most, each) => (each.busyShare > (most?.busyShare ?? 0) ? each : most),
      null,
    );
  if (!busiest) return null;
  const { stage, busyShare } = busiest;
  const isMemoryShort = busyShare < LEAST_BUSY_SHARE && budget.peakBytes >= FULL_SHARE * budget.limitBytes;
  return { stage: stage.name, busyShare, reason: isMemoryShort ? describeMemory(busiest.stage, budget.limitBytes) : describe(stage, busyShare) };
}

function busyShareOf({ busyMs, starvedMs, blockedMs }: StageStats): number {
  const totalMs = busyMs + starvedMs + blockedMs;
  return totalMs > 0 ? busyMs / totalMs : 0;
}

const remedies: Readonly<Record<StageStats['kind'], string>> = {
  source: 'the stages behind it wait for rows',
  transform: 'more workers would help while there are cores for them',
  sink: 'the stages in front of it wait for room',
  plan: 'it runs as one plan on all cores',
};

function describe({ name, kind, workers }: StageStats, busyShare: number): string {
  const percent = Math.round(busyShare * 100);
  const who = workers > 1 ? `the ${workers} workers of ${kind} "${name}" are` : `${kind} "${name}" is`;
  if (busyShare < LEAST_BUSY_SHARE) {
    return `no stage is busy most of the time; ${who} with ${percent} % the busiest`;
  }
  return `${who} busy ${percent} % of the time; ${remedies[kind]}`;
}

function describeMemory({ name }: StageStats, limitBytes: number): string {
  return `all ${limitBytes} bytes of the memory budget were in use, and no stage is busy most of the time; "${name}" is the busiest, and a larger budget would help it`;
}
