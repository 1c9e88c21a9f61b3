// Records what the demo's charts show, from the host's own samples and decisions.
import { labels } from '../../core/index.ts';
import type { MemorySnapshot, OptimizationEvent } from '../../core/index.ts';
import { readProcessSample } from '../../collect/index.ts';
import type { Decision } from '../../optimize/index.ts';
import type { HostListener } from '../host/host-types.ts';
import type { Latest } from '../host/latest.ts';
import type { DemoSeries } from './report-charts.ts';
import type { Workload } from './workload-process.ts';

/** A listener that fills a series. */
export interface DemoRecorder extends HostListener {
  readonly series: DemoSeries;
  readonly events: OptimizationEvent[];
  /** What each action was done for, in words. */
  readonly reasons: string[];
  /** A first model was trained. */
  noteFirstModel(isLive: boolean): void;
  noteSwap(): void;
}

/** Builds a recorder that watches the workload beside the host. */
export function createDemoRecorder(workload: Workload): DemoRecorder {
  const series: DemoSeries = {
    timestamps: [],
    availableMib: [],
    freeMib: [],
    childRssMib: [],
    usedMib: [],
    limitMib: workload.limitBytes === null ? null : workload.limitBytes / 2 ** 20,
    phase: [],
    stallSomePercent: [],
    stallFullPercent: [],
    refaultsPerSecond: [],
    decision: [],
    firstModel: null,
    swapAt: 0,
    actionsAt: [],
  };
  const events: OptimizationEvent[] = [];
  const reasons: string[] = [];
  let previous: MemorySnapshot | null = null;
  let lastLabel: number | null = null;
  return {
    series,
    events,
    reasons,
    noteFirstModel: (isLive) => {
      series.firstModel = { at: Date.now(), isLive };
    },
    noteSwap: () => {
      series.swapAt = Date.now();
    },
    onSample: ({ snapshot }: Latest) => {
      const seconds = previous ? (snapshot.timestamp - previous.timestamp) / 1000 : 0;
      const perSecond = (now: number | null, before: number | null | undefined): number | null =>
        now === null || before === null || before === undefined || seconds <= 0
          ? null
          : (now - before) / seconds;
      const some = perSecond(snapshot.psi_memory_some_us, previous?.psi_memory_some_us);
      const full = perSecond(snapshot.psi_memory_full_us, previous?.psi_memory_full_us);
      series.timestamps.push(snapshot.timestamp);
      series.availableMib.push(snapshot.mem_available_kib / 1024);
      series.freeMib.push((snapshot.mem_free_kib ?? 0) / 1024);
      series.childRssMib.push(rssMibOf(workload.pid));
      const usageBytes = workload.usageBytes();
      series.usedMib.push(usageBytes === null ? null : usageBytes / 2 ** 20);
      series.phase.push(workload.phase);
      series.stallSomePercent.push(some === null ? null : Math.min(100, some / 1e4));
      series.stallFullPercent.push(full === null ? null : Math.min(100, full / 1e4));
      series.refaultsPerSecond.push(
        perSecond(snapshot.workingset_refault_file, previous?.workingset_refault_file),
      );
      series.decision.push(lastLabel);
      previous = snapshot;
    },
    onDecision: (decision: Decision) => {
      lastLabel = labels.indexOf(decision.label);
      if (decision.mode !== 'act') return;
      series.actionsAt.push(decision.timestamp);
      reasons.push(...decision.plan.map(({ evidence }) => evidence.reason));
    },
    onOptimization: (event) => {
      events.push(event);
    },
  };
}

function rssMibOf(pid: number): number | null {
  const sample = readProcessSample(pid);
  return sample ? sample.rssKib / 1024 : null;
}
