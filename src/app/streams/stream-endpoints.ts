// A stream to start, as text on the command line and as parameters over the bridge.
import { messageOf } from '../../core/index.ts';
import {
  parseSubscribeMessage,
  parseSubscribeQuery,
  publishedKinds,
  streamOptions,
} from '../../stream/index.ts';
import { configError } from '../errors.ts';
import { paramsOf, parseParams, requireParam } from '../requests/params.ts';
import type { StreamOptions } from './stream-service.ts';

/**
 * Parses `ws://127.0.0.1:9999?format=msgpack&tables=memory&filter=used_percent>90&anonymize=false`.
 * @throws ConfigError `ERR_APP_CONFIG`
 */
export function parseStreamOption(text: string): StreamOptions {
  const at = text.indexOf('?');
  const query = new URLSearchParams(at < 0 ? '' : text.slice(at + 1));
  const anonymize = query.get('anonymize') !== 'false';
  query.delete('anonymize');
  try {
    const { format, token, ...request } = parseSubscribeQuery(query, publishedKinds);
    return { endpoint: at < 0 ? text : text.slice(0, at), format, token, request, anonymize };
  } catch (error) {
    throw configError([`--stream ${text}: ${messageOf(error)}`]);
  }
}

const { anonymize: _anonymize, ...texts } = streamOptions;
const startParams = {
  ...paramsOf(texts),
  endpoint: 'string',
  anonymize: 'boolean',
  // Texts or objects: the stream room checks them.
  filters: 'list of anything',
  origins: 'list',
} as const;

/**
 * Parses the parameters of `stream.start` and `stream.run`.
 * @throws RuvectorError `ERR_APP_PARAMS`, `ERR_WIRE_STREAM_REQUEST`
 */
export function parseStreamParams(name: string, params: unknown): StreamOptions {
  const given = parseParams(name, startParams, params);
  const { endpoint, anonymize, origins, ...asked } = given;
  const { format, token, ...request } = parseSubscribeMessage(asked, publishedKinds);
  return { endpoint: requireParam(name, 'endpoint', endpoint), format, token, request, anonymize, origins };
}
