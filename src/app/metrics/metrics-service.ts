// `/metrics` of a host: what it listens to, what it reads at a scrape, where it is served.
import { readFileSync } from 'node:fs';
import { messageOf } from '../../core/index.ts';
import type { Host, HostListener } from '../host/host-types.ts';
import type { MetricsStatus } from '../serve/outlets-status.ts';
import type { SinkStats } from '../events/event-sink.ts';
import { createHappened } from './happened.ts';
import type { HappenedCounts } from './happened.ts';
import type { DecidingModel, MetricsSource } from './metric.ts';
import type { MetricsAddress } from './metrics-address.ts';
import { createMetricsPage } from './metrics-page.ts';
import { serveMetrics } from './metrics-server.ts';
import type { MetricsServer } from './metrics-server.ts';
import { readOwnProcess } from './own-process.ts';

/** What the page is read from. */
export type MeteredHost = Pick<
  Host,
  | 'config'
  | 'isActing'
  | 'counters'
  | 'latest'
  | 'optimizer'
  | 'history'
  | 'registry'
  | 'models'
  | 'tasks'
  | 'training'
  | 'samples'
  | 'streams'
  | 'bridge'
  | 'remote'
>;

/** Metrics of one host. */
export interface MetricsService extends AsyncDisposable {
  readonly listener: HostListener;
  /** Begins to serve. @throws RuvectorError `ERR_APP_METRICS` */
  start(host: MeteredHost, readSinks: () => readonly SinkStats[]): Promise<MetricsStatus>;
  /** Null before the start. */
  status(): MetricsStatus | null;
}

/** Loads what writes the page; nothing listens yet. */
export async function createMetricsService(
  address: MetricsAddress,
  log: (text: string) => void,
): Promise<MetricsService> {
  const page = await createMetricsPage();
  const { listener, counts } = createHappened();
  const version = readVersion();
  let server: MetricsServer | null = null;
  const status = (): MetricsStatus | null => server && { url: server.url, ...server.stats() };
  return {
    listener: {
      ...listener,
      onDecision(decision) {
        page.observe(decision);
        listener.onDecision?.(decision);
      },
    },
    async start(host, readSinks) {
      const readModel = createModelReader(host, counts);
      const render = async (format: Parameters<typeof page.render>[1]) =>
        page.render(await readSource(host, version, counts, readSinks(), await readModel()), format);
      server = await serveMetrics(address, render, (error) => log(`metrics: ${messageOf(error)}`));
      return status()!;
    },
    status,
    [Symbol.asyncDispose]: async () => server?.[Symbol.asyncDispose](),
  };
}

async function readSource(
  host: MeteredHost,
  version: string,
  happened: HappenedCounts,
  sinks: readonly SinkStats[],
  model: DecidingModel | null,
): Promise<MetricsSource> {
  return {
    version,
    config: host.config,
    isActing: host.isActing,
    counters: host.counters,
    snapshot: host.latest?.snapshot ?? null,
    health: host.latest?.health ?? [],
    decisions: host.optimizer.stats(),
    tasks: host.tasks.status(),
    history: host.history.stats(),
    historyHealth: host.history.health(),
    model,
    happened,
    training: host.training.state(),
    trainingSamples: host.samples.status(),
    streams: host.streams.totals(),
    bridge: host.bridge.stats(),
    remote: host.remote?.status() ?? null,
    sinks,
    own: await readOwnProcess(),
  };
}

/** Reads the manifest of the live model, once for each model. */
function createModelReader(
  host: Pick<MeteredHost, 'models' | 'registry' | 'counters'>,
  counts: HappenedCounts,
): () => Promise<DecidingModel | null> {
  let known: { readonly reference: string; readonly model: Omit<DecidingModel, 'liveSinceMs'> } | null = null;
  return async () => {
    const reference = host.models.liveVersion;
    if (reference === null) return null;
    if (known?.reference !== reference) {
      // A model that is live may have lost its files: the page goes on without them.
      const shown = await host.registry.show(reference).catch(() => null);
      if (shown === null) return null;
      const { name, version, manifest } = shown;
      const createdMs = Date.parse(manifest.created);
      known = { reference, model: { name, version, sha256: manifest.model.sha256, createdMs } };
    }
    return { ...known.model, liveSinceMs: counts.liveSinceMs ?? host.counters.startedMs };
  };
}

function readVersion(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
