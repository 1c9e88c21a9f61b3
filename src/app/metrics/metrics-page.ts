// The page itself, by prom-client, which is loaded here and only here. Two registries, one for each format: writing
// OpenMetrics renames the counters of a registry for good (prom-client 15), so that one of them cannot do both.
import type * as PromClient from 'prom-client';
import type { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Decision } from '../../optimize/index.ts';
import { hostMetrics } from './host-metrics.ts';
import type { Labelled, Metric, MetricsSource, Value } from './metric.ts';
import { processMetrics } from './process-metrics.ts';
import { productMetrics } from './product-metrics.ts';

/** `openmetrics` is OpenMetrics 1.0, `text` the Prometheus text format 0.0.4. */
export type PageFormat = 'openmetrics' | 'text';

/** Writes pages. */
export interface MetricsPage {
  /** Adds a decision to the histograms. */
  observe(decision: Pick<Decision, 'latency' | 'source'>): void;
  /** One page at a time: formats and values are set in place. */
  render(source: MetricsSource, format: PageFormat): Promise<{ text: string; contentType: string }>;
}

/** All gauges and counters. */
export const metrics: readonly Metric[] = [...productMetrics, ...hostMetrics, ...processMetrics];

/** From 50 µs, twice what a small model takes, to what no decision may take. */
const LATENCY_BUCKETS_S = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1];

/** Loads prom-client and builds the pages. */
export async function createMetricsPage(): Promise<MetricsPage> {
  const client = await loadClient();
  const pages = {
    openmetrics: buildPage(client, 'OPENMETRICS_CONTENT_TYPE'),
    text: buildPage(client, 'PROMETHEUS_CONTENT_TYPE'),
  };
  return {
    observe({ latency, source }) {
      for (const { decision, inference } of Object.values(pages)) {
        decision.observe(latency.decisionUs / 1e6);
        if (source === 'model') inference.observe(latency.whetherUs / 1e6);
      }
    },
    async render(source, format) {
      const { registry, setters } = pages[format];
      for (const setValues of setters) setValues(source);
      return { text: await registry.metrics(), contentType: registry.contentType };
    },
  };
}

type Client = typeof PromClient;

async function loadClient(): Promise<Client> {
  const module = await import('prom-client');
  // CommonJS: its own names are found by Node's lexer, the default is all of it.
  return (module as unknown as { default?: Client }).default ?? module;
}

interface Page {
  readonly registry: Registry;
  readonly setters: readonly ((source: MetricsSource) => void)[];
  readonly decision: Histogram;
  readonly inference: Histogram;
}

type ContentType = 'PROMETHEUS_CONTENT_TYPE' | 'OPENMETRICS_CONTENT_TYPE';

function buildPage(client: Client, contentType: ContentType): Page {
  const registry = new client.Registry();
  registry.setContentType(client.Registry[contentType] as never);
  const histogram = (name: string, help: string): Histogram =>
    new client.Histogram({ name, help, buckets: LATENCY_BUCKETS_S, registers: [registry] });
  const setters = metrics.map((metric) => buildSetter(client, metric, registry));
  return {
    registry,
    setters,
    decision: histogram(
      'ruvector_decision_duration_seconds',
      'From features to a label and the safeguards of the host.',
    ),
    inference: histogram(
      'ruvector_inference_duration_seconds',
      'From features to a label, when a model gave it.',
    ),
  };
}

function buildSetter(client: Client, metric: Metric, registry: Registry): (source: MetricsSource) => void {
  const { name, help, type, labels = [], read } = metric;
  const options = { name, help, labelNames: [...labels], registers: [registry] };
  const series = type === 'gauge' ? new client.Gauge(options) : new client.Counter(options);
  return (source) => {
    const values = toLabelled(read(source));
    series.reset();
    // A series without labels is 0 after a reset; what the host lacks must not be.
    if (labels.length === 0) series.remove();
    for (const [given, value] of values) {
      if (value == null || !Number.isFinite(value)) continue;
      set(series, type, given, value);
    }
  };
}

function toLabelled(read: Value | readonly Labelled[]): readonly Labelled[] {
  return typeof read === 'number' || read == null ? [[{}, read]] : read;
}

function set(series: Gauge | Counter, type: Metric['type'], labels: Labelled[0], value: number): void {
  if (type === 'gauge') (series as Gauge).set({ ...labels }, value);
  else if (value >= 0) (series as Counter).inc({ ...labels }, value);
}
