// What a scrape is made of, with every value known: a host that has everything, and what one that has little lacks.
import { labels } from '../../../src/core/index.ts';
import type { MetricsSource } from '../../../src/app/metrics/metric.ts';
import { createHappened } from '../../../src/app/metrics/happened.ts';
import { buildConfig } from '../../../src/app/host/config.ts';
import { mondayMs, snapshot } from '../memory-rows.ts';

const kind = {
  rows: 100,
  segments: 2,
  sealedBytes: 4096,
  walBytes: 512,
  firstMs: mondayMs,
  lastMs: mondayMs,
  bytesPerMinute: null,
  droppedRows: 0,
};

const byLabel = Object.fromEntries(labels.map((label, i) => [label, 10 - i])) as Record<
  (typeof labels)[number],
  number
>;

const decisions = {
  decisions: 34,
  failures: 0,
  fallbacks: 0,
  fallbacksByCause: { 'time-out': 1 },
  byLabel,
  bySource: { model: 30, rule: 4 },
  p50Us: 200,
  p99Us: 900,
  actions: 3,
  actionFailures: 1,
  dryRuns: 0,
  refusalsByRule: { interval: 2 },
  eventFailures: 0,
  lastDecision: { label: 'Critical', probabilities: Float32Array.of(0, 0, 0.25, 0.75) },
  lastOutcome: null,
  outcomes: {
    actions: 3,
    unknown: 1,
    advisedKib: 4000,
    takenKib: 3000,
    freedKib: 2000,
    returnedKib: 500,
    compressedKib: 100,
    majorFaults: 7,
    stallUs: 1_500_000,
  },
  ownRefaults: { filePages: 5, anonPages: 6 },
  savedKib: 1024,
} as unknown as MetricsSource['decisions'];

/** A host that has everything. */
export function fullSource(changes: Partial<MetricsSource> = {}): MetricsSource {
  const { listener, counts } = createHappened();
  listener.onDecision?.({
    mode: 'act',
    action: { targets: [{ actuator: 'process_madvise', error: null }] },
  } as never);
  return {
    version: '1.2.3',
    config: buildConfig({ hz: 2 }),
    isActing: true,
    counters: { startedMs: mondayMs, samples: 100, missed: 1, skipped: 2 },
    snapshot: snapshot({ psi_cpu_some_us: 4_623_057_203, oom_kill: 1, cgroup_limit_bytes: 2 ** 30 }),
    health: [
      {
        name: 'meminfo',
        success: 1,
        durationMs: 0.5,
        lastError: null,
        failures: 0,
        lastFailure: null,
        badColumns: [],
      },
    ],
    decisions,
    tasks: {
      anomaly: {
        name: 'memopt-anomaly',
        live: 'memopt-anomaly@20260101T000000000-00000001',
        answer: {
          task: 'anomaly',
          isAnomalous: true,
          score: 0.25,
          modelVersion: 'memopt-anomaly@20260101T000000000-00000001',
          timestamp: mondayMs,
        },
        answers: 9,
        failures: 1,
        lastError: null,
      },
      forecast: {
        name: 'memopt-forecast',
        live: 'memopt-forecast@20260101T000000000-00000002',
        answer: {
          task: 'forecast',
          availablePercent: 62.5,
          horizonMs: 60_000,
          modelVersion: 'memopt-forecast@20260101T000000000-00000002',
          timestamp: mondayMs,
        },
        answers: 8,
        failures: 0,
        lastError: null,
      },
    },
    history: {
      kinds: { memory: kind },
      removedSegments: 1,
      removedBytes: 2048,
      later: { segments: 0, rows: 0 },
      unconfirmed: { segments: 0, rows: 0 },
      problems: 0,
    },
    historyHealth: { isWriting: true, problem: null, sinceMs: null, pendingRows: 3, droppedRows: 0 },
    model: {
      name: 'memopt',
      version: '20260101T000000000-00000000',
      sha256: 'ab'.repeat(32),
      createdMs: mondayMs,
      liveSinceMs: mondayMs + 1000,
    },
    happened: counts,
    training: {
      running: false,
      lastError: null,
      lastModel: null,
      succeeded: 1,
      failed: 2,
      totalSeconds: 12.5,
    },
    trainingSamples: { count: 42 } as MetricsSource['trainingSamples'],
    streams: [{ transport: 'websocket', format: 'jsonlines', subscribers: 1, records: 10, dropped: 2 }],
    bridge: {
      clients: 1,
      openStreams: 2,
      batchesSent: 3,
      refused: 4,
      malformed: 5,
    } as MetricsSource['bridge'],
    remote: {
      endpoint: 'tcp://192.0.2.1:7700',
      dataEndpoint: 'tcp://192.0.2.1:7701',
      trust: 'none',
      daemonKey: '0'.repeat(64),
      allowedClients: 2,
      bridge: {
        clients: 1,
        unknownKeys: 2,
        refused: 3,
        tampered: 4,
        replayed: 5,
        malformed: 6,
        failed: 7,
      } as MetricsSource['bridge'],
    },
    sinks: [sink(1), sink(2)],
    own: {
      cpuSeconds: 1.5,
      rssBytes: 2 ** 26,
      heapTotalBytes: 2 ** 24,
      heapUsedBytes: 2 ** 23,
      externalBytes: 2 ** 20,
      openFds: 30,
      maxFds: 1024,
      lagSeconds: 0.0001,
      loopActiveSeconds: 1,
      startedMs: mondayMs,
      nodeVersion: '24.0.0',
    },
    ...changes,
  };
}

const sink = (delivered: number): MetricsSource['sinks'][number] => ({
  sink: 'command',
  target: `/opt/hook-${delivered}`,
  delivered,
  failed: 1,
  suppressed: 0,
  dropped: 0,
  waiting: 0,
  lastError: null,
});

/** A host that has just started, without PSI, vmstat, cgroup, model, /proc/self or streams. */
export function emptySource(): MetricsSource {
  const full = fullSource();
  return {
    ...full,
    counters: { startedMs: mondayMs, samples: 0, missed: 0 },
    snapshot: null,
    health: [],
    decisions: { ...full.decisions, lastDecision: null },
    historyHealth: { ...full.historyHealth, pendingRows: 0 },
    model: null,
    happened: createHappened().counts,
    streams: [],
    sinks: [],
    own: { ...full.own, openFds: null, maxFds: null },
  };
}
