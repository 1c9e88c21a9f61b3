// `export --stream`: live records at an endpoint until Ctrl-C. With a daemon on this home the daemon
// streams what it samples; without one this process samples into the history and streams.
import type { Home } from '../../core/index.ts';
import { findDaemon } from '../../bridge/index.ts';
import { once } from 'node:events';
import { buildFeatureSpec } from '../../prepare/index.ts';
import { openHistory } from '../../store/index.ts';
import type { BridgeClient } from '../../bridge/index.ts';
import type { StreamFormat, StreamRequest } from '../../stream/index.ts';
import { encodeSubscribeMessage } from '../../stream/index.ts';
import { readSavedConfig } from '../host/config.ts';
import { makeHome } from '../home.ts';
import { runSampling } from '../host/sampling.ts';
import { SamplingHealth } from '../host/sampling-health.ts';
import { createStreamService } from './stream-service.ts';
import type { StreamInfo, StreamOptions } from './stream-service.ts';
import { streamEndedError } from '../errors.ts';

/** Options of {@link runStreamCommand}. */
export interface StreamCommandOptions {
  readonly home: Home;
  /** @default `ws://127.0.0.1:<port>` */
  readonly endpoint?: string;
  /** @default DEFAULT_STREAM_PORT */
  readonly port?: number;
  /** @default "jsonlines" */
  readonly format?: StreamFormat;
  /** What a subscriber gets that asks for nothing, and a pipe carries. @default everything */
  readonly request?: StreamRequest;
  /** @default true */
  readonly anonymize?: boolean;
  readonly token?: string;
  /** Samples a second when no daemon runs. @default as the home was last served */
  readonly hz?: number;
  /** Ends the stream: subscribers take what is left first. */
  readonly signal: AbortSignal;
  /** Told once where the stream is. */
  readonly onStart: (info: StreamInfo & { readonly daemon: boolean }) => void;
  readonly onLog?: (text: string) => void;
}

/** On this machine, where no endpoint is named. */
export const DEFAULT_STREAM_PORT = 9999;

/**
 * Streams until the signal aborts.
 * @returns figures of the stream at its end
 * @throws RuvectorError `ERR_WIRE_ENDPOINT`, `ERR_WIRE_STREAM_REQUEST`, `ERR_WIRE_DISCONNECTED` when the daemon ends
 */
export async function runStreamCommand(options: StreamCommandOptions): Promise<StreamInfo> {
  const { home, port = DEFAULT_STREAM_PORT, endpoint = `ws://127.0.0.1:${port}` } = options;
  makeHome(home);
  const daemon = await findDaemon(home.bridgeFile);
  if (!daemon) return streamHere(options, endpoint);
  try {
    return await streamFromDaemon(daemon, options, endpoint);
  } finally {
    await daemon.close();
  }
}

/** The stream ends when the request does: by Ctrl-C here, with this process, or with the daemon. */
async function streamFromDaemon(
  daemon: BridgeClient,
  options: StreamCommandOptions,
  endpoint: string,
): Promise<StreamInfo> {
  const { format, request = {}, anonymize, token, signal, onStart } = options;
  const asked = { ...request, ...(format && { format }), ...(token !== undefined && { token }) };
  const started = Promise.withResolvers<StreamInfo>();
  const ended = daemon.request(
    'stream.run',
    { endpoint, anonymize, ...encodeSubscribeMessage(asked) },
    { onProgress: (info) => started.resolve(info as StreamInfo) },
  );
  const info = await Promise.race([started.promise, ended.then(({ result }) => result as StreamInfo)]);
  onStart({ ...info, daemon: true });
  await Promise.race([ended, aborted(signal)]);
  if (signal.aborted) await daemon.request('stream.stop', { endpoint: info.endpoint });
  return (await ended).result as StreamInfo;
}

function aborted(signal: AbortSignal): Promise<unknown> {
  return signal.aborted ? Promise.resolve() : once(signal, 'abort');
}

async function streamHere(options: StreamCommandOptions, endpoint: string): Promise<StreamInfo> {
  const { home, signal, onStart, onLog = () => {} } = options;
  const config = readSavedConfig(home.root, options.hz === undefined ? {} : { hz: options.hz });
  await using history = await openHistory(home.history, {
    retainMs: Infinity,
    retainBytes: Infinity,
    onProblem: (problem) => onLog(`${problem.code}: ${problem.message}`),
  });
  await using streams = createStreamService(history, onLog);
  const started = await streams.start({ ...pickStream(options), endpoint });
  onStart({ ...started, daemon: false });
  await runSampling({
    config,
    spec: buildFeatureSpec({ intervalMs: 1000 / config.hz }),
    signal,
    health: new SamplingHealth(onLog),
    lastActionMs: () => null,
    onSample: async ({ memory, processes }) => {
      history.append('memory', [memory]);
      streams.publish('memory', [memory]);
      if (!processes) return;
      history.append('process', processes);
      streams.publish('process', processes);
    },
  });
  const last = streams.list()[0];
  if (!last) throw streamEndedError();
  await streams.stop(last.endpoint);
  return last;
}

function pickStream({
  format,
  request,
  anonymize,
  token,
}: StreamCommandOptions): Omit<StreamOptions, 'endpoint'> {
  return { format, request, anonymize, token };
}

/** How a person reads a stream, by its transport. */
export function describeReading({ endpoint, transport, format }: StreamInfo): string {
  const here = `openDataStream('${endpoint}') in TypeScript, DataStream in Python`;
  if (format !== 'jsonlines') return here;
  if (transport === 'pipe') return `cat ${endpoint.replace(/^pipe:/, '')} | jq, or ${here}`;
  if (transport === 'websocket') return `websocat '${endpoint}/?tables=memory', a web page, or ${here}`;
  return here;
}
