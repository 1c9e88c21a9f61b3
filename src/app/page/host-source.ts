// What a host gives its page.
import { hostname } from 'node:os';
import { readReclaimBackend } from '../../optimize/index.ts';
import type { PageRow, PageSource } from '../../page/index.ts';
import { ownVersion } from '../../train/index.ts';
import { readExports } from '../exports/export-log.ts';
import { readPublications } from '../exports/publication-log.ts';
import type { Host } from '../host/host-types.ts';
import type { Act } from './page-actions.ts';
import type { HistoryReaderProcess } from './history-reader.ts';
import { createHealthReader } from './page-health.ts';
import { readMarks } from './page-marks.ts';
import type { PageMemory } from './page-memory.ts';
import { readModels } from './page-models.ts';
import { readDecision } from './page-moment.ts';

/** Builds the source. @param act null where the page may only look */
export function buildHostSource(
  host: Host,
  memory: PageMemory,
  reader: HistoryReaderProcess,
  act: Act | null,
): PageSource {
  return {
    warm: () => reader.warm(),
    status: () => describeHost(host, memory, act !== null),
    range: ({ fields, ...question }) =>
      reader.ask('range', { ...question, fields: fields.map(({ name }) => name) }),
    marks: async (fromMs, toMs) => {
      const range = { fromMs, toMs };
      return readMarks(host, memory, await reader.ask('marks', range), range);
    },
    moment: async (atMs) => {
      const { lastActionMs, ...moment } = await reader.ask('moment', { atMs });
      const { memoryAtMs } = moment;
      const decision =
        memoryAtMs === null ? null : await readDecision(host, memory, { atMs: memoryAtMs, lastActionMs });
      return { ...moment, decision };
    },
    processes: (question) => reader.ask('processes', question),
    models: () => readModels(host),
    manifest: async (reference) => (await host.registry.show(reference)).manifest,
    compare: (a, b) => host.compareModels(a, b),
    exports: () => readExports(host.home),
    publications: () => readPublications(host.home),
    health: createHealthReader(host),
    events: () => memory.events,
    act,
  };
}

async function describeHost(host: Host, memory: PageMemory, actions: boolean): Promise<PageRow> {
  const { home, config, samples } = host;
  const status = host.status();
  const { retrainThreshold, samplesSinceTrained } = samples.status();
  const { kind, store, reason } = await readReclaimBackend();
  return {
    host: hostname(),
    version: ownVersion,
    pid: process.pid,
    startedAtMs: host.counters.startedMs,
    home: home.root,
    hz: config.hz,
    processIntervalMs: config.processIntervalMs,
    // What leaves this host without names, and what leaves it with them.
    privacy: { streams: host.streams.list().map(({ endpoint, anonymized }) => ({ endpoint, anonymized })) },
    live: status.model,
    history: describeHistory(host),
    nextTraining: retrainThreshold > 0 ? { samples: samplesSinceTrained, needed: retrainThreshold } : null,
    training: status.training,
    actions,
    acting: host.isActing,
    mayAct: config.act,
    goal: config.goal,
    targets: config.targets,
    decision: memory.lastDecision,
    outcomes: status.decisions.outcomes,
    zram: store && { kind, reason, ...store },
    own: status.memory?.own ?? null,
    events: status.outlets.events,
    // What goes to a fleet's server on its own.
    fleet: status.outlets.publish,
    health: {
      skipped: status.skipped,
      historyIsWriting: status.historyHealth.isWriting,
      faults: status.faults,
    },
  };
}

function describeHistory({ history }: Pick<Host, 'history'>): PageRow {
  const { kinds } = history.stats();
  const all = Object.values(kinds);
  return {
    bytes: all.reduce((sum, { sealedBytes, walBytes }) => sum + sealedBytes + walBytes, 0),
    firstMs: kinds['memory']?.firstMs ?? null,
    lastMs: kinds['memory']?.lastMs ?? null,
    rows: Object.fromEntries(Object.entries(kinds).map(([kind, { rows }]) => [kind, rows])),
  };
}
