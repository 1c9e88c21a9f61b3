// What a host gives its page.
import { hostname } from 'node:os';
import type { PageSource } from '../../page/index.ts';
import { ownVersion } from '../../train/index.ts';
import type { Host } from '../host/host-types.ts';
import type { PageMemory } from './page-memory.ts';

/** Options of {@link buildPageSource}. */
export interface PageSourceOptions {
  readonly memory: PageMemory;
  readonly actions: boolean;
  readonly log: (text: string) => void;
}

/** Builds the source. */
export function buildPageSource(host: Host, { memory }: PageSourceOptions): PageSource {
  return {
    history: host.history,
    intervalMs: 1000 / host.config.hz,
    status: () => describeHost(host, memory),
    follow: (signal) => host.streams.follow(['memory', 'process'], signal),
    marks: async (fromMs, toMs) => memory.marks.filter(({ atMs }) => atMs >= fromMs && atMs < toMs),
    decisionAt: async () => null,
    models: async () => host.registry.list(),
    compare: (a, b) => host.compareModels(a, b),
    exports: async () => [],
    health: async () => [],
    events: () => memory.events,
    act: null,
  };
}

function describeHost(host: Host, memory: PageMemory): Record<string, unknown> {
  const status = host.status();
  return {
    host: hostname(),
    version: ownVersion,
    pid: process.pid,
    startedAtMs: host.counters.startedMs,
    home: host.home.root,
    hz: host.config.hz,
    live: status.model.live,
    actions: false,
    acting: host.isActing,
    decision: memory.lastDecision,
  };
}
