import { describe, expect, it } from 'vitest';
import { parseStreamOption, parseStreamParams } from '../../../../src/app/streams/stream-endpoints.ts';
import { encodeSubscribeMessage } from '../../../../src/stream/index.ts';

const endpoint = 'ws://127.0.0.1:0';

describe('parseStreamParams()', () => {
  it('takes what the command line sends, filters included', () => {
    const { request } = parseStreamOption(`${endpoint}?filter=used_percent>90&tables=memory&interval_ms=500`);
    const params = { endpoint, ...encodeSubscribeMessage(request!) };
    expect(parseStreamParams('stream.run', params).request).toEqual(request);
  });

  it('takes filters as texts, too', () => {
    const { request } = parseStreamParams('stream.start', { endpoint, filters: ['used_percent>90'] });
    expect(request).toEqual({ filters: [{ column: 'used_percent', op: '>', value: 90 }] });
  });

  it('says which filter is wrong', () => {
    expect(() => parseStreamParams('stream.start', { endpoint, filters: [7] })).toThrow(
      expect.objectContaining({ code: 'ERR_WIRE_STREAM_REQUEST' }),
    );
  });
});
