// What is said of a file that cannot be written: one sentence, under the code of the room that was to write it.
import { describe, expect, it } from 'vitest';
import { RuvectorError } from '../../../src/core/index.ts';
import { exportBusyError, streamError, writeError } from '../../../src/export/errors.ts';
import { fileBusyError, fileWriteError } from '../../../src/pipeline/files/errors.ts';

const path = '/data/rows.csv';
const full = Object.assign(new Error('no space left on device, write'), { code: 'ENOSPC' });

describe('describeUnwritten()', () => {
  it('says the same of an export as of a pipeline, each under its own code', () => {
    const [exported, piped] = [writeError(path, full), fileWriteError(path, full)];
    expect([exported.code, piped.code]).toEqual(['ERR_EXPORT_WRITE', 'ERR_PIPELINE_FILE']);
    expect(exported.message).toMatch(/^Cannot write "\/data\/rows\.csv": .*; .*, nothing is left of it$/);
    expect(exported.message).toBe(piped.message);
    for (const { cause, details } of [exported, piped]) {
      expect(cause).toBe(full);
      expect(details).toEqual({ path, systemCode: 'ENOSPC' });
    }
  });

  it.each([fileWriteError(path, full), fileBusyError(path, 7)])(
    'lets no code of a pipeline through an export: %s',
    (cause) => {
      for (const error of [writeError(path, cause), streamError(path, cause)]) {
        expect(error).toMatchObject({ code: 'ERR_EXPORT_WRITE', message: cause.message, cause });
        expect(error.details).toEqual(cause.details);
      }
    },
  );

  it.each([writeError(path, full), exportBusyError(path, 7)])(
    'lets no code of an export through a pipeline: %s',
    (cause) => {
      const { message, details } = cause;
      expect(fileWriteError(path, cause)).toMatchObject({
        code: 'ERR_PIPELINE_FILE',
        message,
        details,
        cause,
      });
    },
  );

  it.each(['ERR_FILES_TARGET', 'ERR_STORE_DAMAGED'])('leaves %s as it is', (code) => {
    const cause = new RuvectorError(code, 'text');
    expect(writeError(path, cause)).toBe(cause);
    expect(fileWriteError(path, cause)).toBe(cause);
  });

  it('leaves errors of the room itself as they are', () => {
    const [exported, busy, piped] = [
      writeError(path, full),
      exportBusyError(path, null),
      fileBusyError(path, null),
    ];
    expect([writeError(path, exported), writeError(path, busy)]).toEqual([exported, busy]);
    expect(fileWriteError(path, piped)).toBe(piped);
  });
});
