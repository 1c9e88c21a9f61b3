// Headers as files have them: old and new, long, cut, edited by hand, without an end.
import { describe, expect, it } from 'vitest';
import { encodeRecordingHeader, parseRecordingHeader } from '../../../../src/events/header/index.ts';
import type { RecordingHeader, RecordingHeaderOptions } from '../../../../src/events/header/index.ts';

const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1');

const parse = (
  bytes: Uint8Array | string,
  options: Partial<RecordingHeaderOptions> = {},
): RecordingHeader => {
  const whole = typeof bytes === 'string' ? bytesOf(bytes) : bytes;
  return parseRecordingHeader(whole, { source: 'a.raw', isWhole: true, ...options })!;
};

/** Format and size that a header says, as one word. */
const described = (text: string): string => {
  const { format, geometry } = parse(text);
  return `${format} ${geometry === undefined ? '?' : `${geometry.width}x${geometry.height}`}`;
};

const words = '\u0000\u0000\u0001\u0080';

describe('parseRecordingHeader() of RAW', () => {
  it.each([
    ['% format EVT3;height=720;width=1280\n% end\n', 'evt3 1280x720'],
    ['% format EVT2;width=640;height=480\n% end\n', 'evt2 640x480'],
    ['% format EVT4;height=320;width=320\n% end\n', 'evt4 320x320'],
    ['% evt 2.0\n% geometry 640x480\n% end\n', 'evt2 640x480'],
    ['% evt 2.1\n% geometry 1280x720\n% end\n', 'evt21 1280x720'],
    ['% evt 3.0\n% end\n', 'evt3 ?'],
    ['% evt 2.0\n% format EVT3;height=720;width=1280\n% geometry 1x1\n% end\n', 'evt3 1280x720'],
    ['% format EVT3\n% geometry 304x240\n% end\n', 'evt3 304x240'],
    ['% evt 2.0\n% width 304\n% height 240\n% end\n', 'evt2 304x240'],
    ['% evt 3.0\n% geometry 0x0\n% end\n', 'evt3 ?'],
    ['% evt 3.0\n% geometry wide\n% system_ID 40\n% end\n', 'evt3 640x480'],
  ])('reads format and size when the header is %j', (header, expected) => {
    expect(described(header + words)).toBe(expected);
  });

  it.each([
    [[0x15, 0x17, 0x19, 0x1c, 0x1d, 0x21, 0x22, 0x23, 0x29, 0x97, 0x99, 0xa1, 0xa2], 'evt2 640x480'],
    [[0x1a, 0x1f, 0x27], 'evt2 1280x720'],
    [[0x28], 'evt3 640x480'],
    [[0x1e, 0x2e, 0x30, 0x31, 0x32], 'evt3 1280x720'],
  ])('goes by the camera system when only that is given: %j', (ids, expected) => {
    for (const id of ids) expect(described(`% system_ID ${id}\n% end\n${words}`)).toBe(expected);
    expect(described(`% system_ID 0x${ids[0]!.toString(16)}\n${words}`)).toBe(expected);
  });

  it('ignores the camera system when another maker numbered it', () => {
    expect(described(`% system_ID 49\n% integrator_name Prophesee\n% end\n${words}`)).toBe('evt3 1280x720');
    const header = `% camera_integrator_name Other\n% plugin_integrator_name Other\n% system_ID 49\n% end\n${words}`;
    expect(() => parse(header)).toThrow(/byte 83: the header names neither a format nor a known system_ID/);
  });

  it.each([
    ['% format EVT21;endianness=legacy;height=1;width=1\n', 'evt21-legacy'],
    ['% format EVT21;height=1;width=1\n% endianness legacy\n', 'evt21-legacy'],
    ['% format EVT21;endianness=little;height=1;width=1\n% endianness legacy\n', 'evt21'],
    ['% evt 2.1\n% system_ID 49\n', 'evt21-legacy'],
    ['% evt 2.1\n% system_ID 54\n', 'evt21-legacy'],
    ['% evt 2.1\n% system_ID 55\n', 'evt21'],
    ['% evt 2.1\n% system_ID 49\n% endianness little\n', 'evt21'],
    ['% evt 2.1\n% plugin_integrator_name Other\n% system_ID 49\n', 'evt21'],
    ['% evt 2.1\n', 'evt21'],
  ])('knows the order of EVT2.1 when the header is %j', (header, expected) => {
    expect(parse(`${header}% end\n${words}`).format).toBe(expected);
  });

  it('ends at % end whatever the data begin with', () => {
    for (const data of ['% ', '% evt 2.0\n', '%', '\n', '% end\n', '']) {
      const header = '% evt 3.0\n% end\n';
      expect(parse(header + data)).toMatchObject({ format: 'evt3', dataOffset: header.length });
    }
  });

  it('ends at the first other bytes when % end is missing', () => {
    const header = '% evt 3.0\n% geometry 1280x720\n';
    for (const data of ['\u0080', '%\u0080', '%', '%end\n', '\n', '% \u0000\u0080\n', '% a\u0001', '']) {
      expect(parse(header + data), JSON.stringify(data)).toMatchObject({ dataOffset: header.length });
    }
  });

  it('takes lines as they are when they end in CRLF or are odd', () => {
    const header = '% evt 3.0\r\n% \r\n%   geometry   640x480  \r\n% alone\r\n% a é b\r\n% end \r\n';
    const bytes = Buffer.from(header + words, 'utf8');
    const parsed = parse(bytes);
    expect(parsed).toMatchObject({ format: 'evt3', geometry: { width: 640, height: 480 } });
    expect(parsed.dataOffset).toBe(Buffer.byteLength(header));
    expect(parsed.fields.map(({ key, value }) => [key, value])).toStrictEqual([
      ['evt', '3.0'],
      ['geometry', '640x480'],
      ['alone', ''],
      ['a', 'é b'],
    ]);
  });

  it('asks for more when the header goes on, and gives the same in the end', () => {
    const lines = Array.from({ length: 40_000 }, (_, at) => `% note${at} ${'x'.repeat(at % 60)}\n`);
    const header = bytesOf(`${lines.join('')}% evt 2.0\n% end\n`);
    const file = Buffer.concat([header, bytesOf(words)]);
    expect(header.length).toBeGreaterThan(2 ** 20);
    let length = 4096;
    let parsed: RecordingHeader | undefined;
    while (parsed === undefined) {
      parsed = parseRecordingHeader(file.subarray(0, length), {
        source: 'a.raw',
        isWhole: length >= file.length,
      });
      length *= 2;
    }
    expect(parsed).toMatchObject({ format: 'evt2', dataOffset: header.length });
    expect(parsed.fields).toHaveLength(40_001);
  });

  it('gives no other answer when it has seen less', () => {
    const file = bytesOf(`% evt 3.0\n% geometry 640x480\n${words.repeat(2000)}`);
    const whole = parse(file);
    for (let length = 0; length < file.length; length += 7) {
      const options = { source: 'a.raw', isWhole: false };
      const parsed = parseRecordingHeader(file.subarray(0, length), options);
      if (parsed !== undefined) expect(parsed).toStrictEqual(whole);
    }
  });

  it('refuses when the header does not end', () => {
    const endless = Buffer.alloc(
      2 ** 24 + 10,
      '% endless and without a last line, as many as there are in all\n',
    );
    const options = { source: 'a.raw', isWhole: false };
    expect(() => parseRecordingHeader(endless, options)).toThrow(/byte 167772\d\d: the header does not end/);
  });

  it('names the line when it says what cannot be read', () => {
    expect(() => parse(`% date today\n% format HISTO3D;height=1;width=1\n% end\n${words}`)).toThrow(
      'Cannot read events of "a.raw": byte 13: the header names the format "HISTO3D;height=1;width=1"',
    );
    expect(() => parse(`% evt 2.1\n% endianness big\n% end\n${words}`)).toThrow(
      'Cannot read the header of "a.raw": byte 10: the endianness is "big", not little or legacy',
    );
    expect(() => parse(`% evt 1.0\n% end\n${words}`)).toThrow('byte 0: the header names the format "1.0"');
    expect(() => parse(`% date today\n% end\n${words}`)).toThrow('byte 19: the header names neither');
  });

  it('believes the caller when the file says nothing or something else', () => {
    expect(parse(words, { format: 'evt3' })).toMatchObject({ format: 'evt3', dataOffset: 0, fields: [] });
    const header = '% evt 2.0\n% geometry 3x4\n% end\n';
    const expected = { format: 'evt3', dataOffset: header.length, geometry: { width: 3, height: 4 } };
    expect(parse(header + words, { format: 'evt3' })).toMatchObject(expected);
    expect(parse('', { format: 'evt2' })).toMatchObject({ dataOffset: 0 });
  });
});

describe('parseRecordingHeader() of DAT', () => {
  const lines = '% Data file containing Event2D events.\n% Version 2\n% Height 480\n% Width 640\n';

  it.each(['', '% end\n'])('finds the records when the last line is %j', (end) => {
    for (const [type, kind] of [
      ['\u0000', 'events'],
      ['\u000C', 'events'],
      ['\u000E', 'triggers'],
    ] as const) {
      expect(parse(`${lines}${end}${type}\u0008${words}`)).toMatchObject({
        format: 'dat',
        dataOffset: lines.length + end.length + 2,
        geometry: { width: 640, height: 480 },
        dat: { kind, version: 2 },
      });
    }
  });

  it.each([
    ['% Version 1\n', {}, 1],
    ['% Version 1.9\n', {}, 1],
    ['% Version 2\n', { datVersion: 1 }, 2],
    ['% Width 3\n', {}, 2],
    ['% Width 3\n', { datVersion: 1 }, 1],
  ] as const)('knows the version when the header is %j and the options %j', (line, options, version) => {
    expect(parse(`${line}\u0000\u0008${words}`, options).dat).toStrictEqual({ kind: 'events', version });
  });

  it('tells DAT from RAW when the lines are those of both', () => {
    expect(parse(`% evt 2.0\n% Version 2\n% end\n\u000C\u0008${words}`).format).toBe('dat');
    expect(parse(`% evt 2.0\n% Version 2\n% end\n${words}`).format).toBe('evt2');
    expect(parse(`% evt 2.0\n% end\n\u000C\u0008${words}`).format).toBe('evt2');
    expect(parse(`% Date today\n% end\n\u000C\u0008${words}`).format).toBe('dat');
  });

  it('refuses when the records are others, and names the byte', () => {
    expect(() => parse(`${lines}\u0028\u001C${words}`)).toThrow(
      `Cannot read the header of "a.raw": byte ${lines.length}: the records are of type 40 and 28 bytes`,
    );
    expect(() => parse(lines)).toThrow('type and size of the records are missing');
    expect(() => parse(`${lines}\u0000`)).toThrow('type and size of the records are missing');
    expect(
      parseRecordingHeader(bytesOf(`${lines}% end\n\u0000`), { source: 'a.dat', isWhole: false }),
    ).toBeUndefined();
  });

  it('takes records from the first byte when an old file has no header', () => {
    expect(parse(words, { format: 'dat' })).toMatchObject({ format: 'dat', dataOffset: 0 });
  });
});

describe('parseRecordingHeader() of other files', () => {
  it.each([
    ['\u0089HDF\r\n\u001A\n', 'hdf5'],
    ['#!AER-DAT4.0\r\n', 'aedat4'],
    ['# t x y p\n0.001 1 2 1\n', 'text'],
    ['12,3,4,1\n', 'text'],
    ['%geometry:1280,720\n1,2,0,3\n', 'text'],
    ['% a note\n1 2 3 0\n', 'text'],
    ['t,x,y,p\r\n', 'text'],
  ])('knows the format by its content when it begins %j', (start, format) => {
    expect(parse(start)).toMatchObject({ format, dataOffset: 0 });
  });

  it('knows HDF5 when a user block stands before it', () => {
    const block = '\u0001'.repeat(2048);
    expect(parse(`${block}\u0089HDF\r\n\u001A\n`).format).toBe('hdf5');
  });

  it.each([
    ['', 'byte 0: the file is empty'],
    ['\u0001\u0002\u00FF', 'byte 0: the file begins with 0x0102ff'],
    ['#!AER-DAT2.0\r\n', 'it begins with "#!AER-DAT2.0"'],
    ['Event Stream\u0002', 'it begins with "Event Stream"'],
  ])('says so when it cannot know: %j', (start, message) => {
    expect(() => parse(start)).toThrow(message);
  });
});

describe('encodeRecordingHeader()', () => {
  const geometry = { width: 1280, height: 720 };

  it.each(['evt2', 'evt21', 'evt21-legacy', 'evt3', 'dat'] as const)(
    'is read back when it is of %s and keeps the old lines',
    (format) => {
      const fields = parse(
        '% evt 2.0\n% serial_number 00 1\n% geometry 1x1\n% mine a b\n% Height 9\n',
      ).fields;
      const header = encodeRecordingHeader(format, { geometry, fields });
      const parsed = parse(Buffer.concat([header, bytesOf('% x')]));
      expect(parsed).toMatchObject({ format, geometry, dataOffset: header.length });
      const kept = parsed.fields.filter(({ key }) => key === 'serial_number' || key === 'mine');
      expect(kept.map(({ value }) => value)).toStrictEqual(['00 1', 'a b']);
    },
  );

  it('says what kind of records follow when they are triggers', () => {
    const header = encodeRecordingHeader('dat', { geometry, datKind: 'triggers' });
    expect(parse(header).dat).toStrictEqual({ kind: 'triggers', version: 2 });
  });

  it.each([
    { key: 'two words', value: '' },
    { key: 'a', value: 'b\nc' },
    { key: '', value: 'b' },
  ])('refuses when a line is %j', (field) => {
    expect(() => encodeRecordingHeader('evt3', { geometry, fields: [field] })).toThrow(
      'is no line of a header',
    );
  });
});
