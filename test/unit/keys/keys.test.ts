// Keys and their files: who is allowed under which name, and what is refused of them.
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { curveKeyPair } from 'zeromq';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  allowClient,
  clientsPath,
  createKeyFile,
  createKeyPair,
  ensureNetworkToken,
  followClients,
  keyPath,
  readClients,
  readKeyFile,
  revokeClient,
} from '../../../src/keys/index.ts';
import { encodeZ85 } from '../../../src/sockets/z85.ts';
import { until } from '../../support/until.ts';

let folder: string;
beforeEach(() => (folder = join(mkdtempSync(join(tmpdir(), 'rv-keys-')), 'keys')));
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

const other = createKeyPair().publicKey;

describe('createKeyFile()', () => {
  it('writes a pair that its owner alone reads, and never over another', async () => {
    const made = await createKeyFile(folder, 'laptop', other);
    const path = keyPath(folder, 'laptop');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(await readKeyFile(path)).toEqual(made);
    await expect(createKeyFile(folder, 'laptop', other)).rejects.toMatchObject({ code: 'ERR_KEYS_NAME' });
    expect(await readKeyFile(path)).toEqual(made);
  });

  it.each(['', '.', '../up', 'a/b', 'x'.repeat(65), '-f'])('refuses %j as a name', async (name) => {
    await expect(createKeyFile(folder, name, other)).rejects.toMatchObject({ code: 'ERR_KEYS_NAME' });
  });

  it.each(['', 'ab', other.toUpperCase(), `${other}0`])('refuses %j as the key of a daemon', async (key) => {
    await expect(createKeyFile(folder, 'a', key)).rejects.toMatchObject({ code: 'ERR_KEYS_KEY' });
  });
});

describe('readKeyFile()', () => {
  it.each([
    ['not there', null, 0o600],
    ['open to a group', '{}', 0o640],
    ['open to all', '{}', 0o604],
    ['no JSON', 'x', 0o600],
    ['no keys', '{}', 0o600],
    ['null', 'null', 0o600],
    ['a short key', JSON.stringify({ publicKey: 'ab', secretKey: other }), 0o600],
  ])('refuses a file that is %s', async (_what, text, mode) => {
    const path = keyPath(folder, 'bad');
    await createKeyFile(folder, 'good', null);
    if (text !== null) {
      writeFileSync(path, text);
      chmodSync(path, mode);
    }
    await expect(readKeyFile(path)).rejects.toMatchObject({ code: 'ERR_KEYS_FILE' });
  });
});

describe('allowClient() and revokeClient()', () => {
  it('keep a name for one key, and say when it was revoked', async () => {
    await allowClient(folder, 'laptop', other);
    await expect(allowClient(folder, 'laptop', createKeyPair().publicKey)).rejects.toMatchObject({
      code: 'ERR_KEYS_NAME',
    });
    await expect(allowClient(folder, 'other', 'no key')).rejects.toMatchObject({ code: 'ERR_KEYS_KEY' });
    expect((await revokeClient(folder, 'laptop')).revokedAt).not.toBeNull();
    await expect(revokeClient(folder, 'laptop')).rejects.toMatchObject({ code: 'ERR_KEYS_NAME' });
    await allowClient(folder, 'laptop', createKeyPair().publicKey);
    expect(readClients(folder).map(({ revokedAt }) => revokedAt === null)).toEqual([false, true]);
    expect(statSync(clientsPath(folder)).mode & 0o777).toBe(0o600);
  });
});

describe('followClients()', () => {
  it('knows each change at once, tells of it, and allows nobody by a list that cannot be read', async () => {
    const problems: string[] = [];
    using list = followClients(folder, (text) => problems.push(text));
    let changes = 0;
    list.onChange(() => changes++);
    expect([list.size, list.nameOf(other)]).toEqual([0, null]);
    await allowClient(folder, 'laptop', other);
    expect([list.size, list.nameOf(other)]).toEqual([1, 'laptop']);
    await revokeClient(folder, other);
    await until(() => changes === 2);
    expect(list.nameOf(other)).toBeNull();
    await allowClient(folder, 'again', other);
    const whole = readFileSync(clientsPath(folder), 'utf8');
    for (const text of ['', '[]', '{"clients": [{}]}', whole.slice(5)]) {
      writeFileSync(clientsPath(folder), text);
      expect(list.nameOf(other)).toBeNull();
    }
    expect(problems).toHaveLength(4);
    writeFileSync(clientsPath(folder), whole);
    expect(list.nameOf(other)).toBe('again');
  });
});

describe('ensureNetworkToken()', () => {
  it('makes one and gives the same again, and refuses one that is open or short', async () => {
    const token = await ensureNetworkToken(folder);
    expect(token).toMatch(/^[0-9a-f]{64}$/);
    expect(await ensureNetworkToken(folder)).toBe(token);
    writeFileSync(join(folder, 'token'), 'short');
    await expect(ensureNetworkToken(folder)).rejects.toMatchObject({ code: 'ERR_KEYS_FILE' });
    chmodSync(join(folder, 'token'), 0o644);
    await expect(ensureNetworkToken(folder)).rejects.toMatchObject({ code: 'ERR_KEYS_FILE' });
  });
});

describe('encodeZ85()', () => {
  it('writes the vector of RFC 32', () => {
    expect(encodeZ85(Buffer.from('864fd26fb559f75b', 'hex'))).toBe('HelloWorld');
    expect(encodeZ85(Buffer.alloc(32))).toHaveLength(curveKeyPair().publicKey.length);
  });
});
