// Streams over the bridge: started, stopped and listed by whoever may talk to the daemon.
import type { RequestContext } from '../../bridge/index.ts';
import { parseParams, requireParam } from './params.ts';
import { parseStreamParams } from '../streams/stream-endpoints.ts';
import type { StreamService } from '../streams/stream-service.ts';

type Handler = (params: unknown, context: RequestContext) => Promise<unknown>;

/** The requests on streams. */
export function buildStreamRequests(streams: StreamService): Record<string, Handler> {
  return {
    'stream.start': (params) => streams.start(parseStreamParams('stream.start', params)),
    'stream.stop': async (params) => {
      const { endpoint } = parseParams('stream.stop', { endpoint: 'string' }, params);
      await streams.stop(requireParam('stream.stop', 'endpoint', endpoint));
      return {};
    },
    'stream.list': async () => streams.list(),
    // As long as its client wants it and lives; the first progress says where it is.
    'stream.run': (params, { signal, progress }) =>
      streams.run(parseStreamParams('stream.run', params), signal, progress),
  };
}
