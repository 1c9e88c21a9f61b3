import { describe, expect, it } from 'vitest';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildConfig, defaultConfig, readSavedConfig, saveConfig } from '../../../../src/app/host/config.ts';
import { parseAssignment } from '../../../../src/app/commands/assignment.ts';

describe('buildConfig()', () => {
  it('fills in the defaults: 1 Hz, 60 s horizon, dry run', () => {
    expect(buildConfig({ hz: 2 })).toEqual({ ...defaultConfig, hz: 2 });
    expect(defaultConfig).toMatchObject({ hz: 1, horizonMs: 60_000, act: false });
  });

  it('reports every mistake at once with the value and what is wanted', () => {
    const build = (): unknown => buildConfig({ hz: 500, horizonMs: 1, targets: { pids: [1], names: [] } });
    expect(build).toThrow(/hz is 500, wanted 0.1 to 50.*horizonMs is 1.*pid is \[1\].*process ids above 1/s);
    expect(build).toThrow(expect.objectContaining({ code: 'ERR_APP_CONFIG' }));
  });
});

describe('buildConfig() with a procfs', () => {
  it.runIf(process.platform === 'linux')('acts by the procfs of this host, wherever its path leads', () => {
    expect(buildConfig({ act: true, procfs: '/proc/' }).act).toBe(true);
  });

  it('refuses to act by another, and one that is no folder', () => {
    const root = mkdtempSync(join(tmpdir(), 'rvm-config-'));
    try {
      expect(buildConfig({ procfs: root }).procfs).toBe(root);
      expect(() => buildConfig({ act: true, procfs: root })).toThrow(/not this host's own/);
      expect(() => buildConfig({ procfs: join(root, 'none') })).toThrow(/procfs is .*a folder like \/proc/);
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});

it.each([
  ['null', /holds no configuration/],
  ['[1]', /holds no configuration/],
  ['5', /holds no configuration/],
  ['{"hz":"x","act":1}', /cannot be used: hz \("x"\), act \(1\)/],
  ['{"targets":5}', /cannot be used: targets \(5\)/],
  ['{"targets":{"pids":["1"],"names":[]}}', /cannot be used: targets/],
  ['{"tlsCert":{}}', /cannot be used: tlsCert/],
])('readSavedConfig() refuses a file that holds %s, by its path', (text, wanted) => {
  const root = mkdtempSync(join(tmpdir(), 'rvm-config-'));
  try {
    writeFileSync(join(root, 'config.json'), text);
    expect(() => readSavedConfig(root)).toThrow(wanted);
    expect(() => readSavedConfig(root)).toThrow(join(root, 'config.json'));
  } finally {
    rmSync(root, { recursive: true });
  }
});

it('readSavedConfig() passes over what it does not know', () => {
  const root = mkdtempSync(join(tmpdir(), 'rvm-config-'));
  try {
    writeFileSync(join(root, 'config.json'), '{"hz":5,"later":{}}');
    expect(readSavedConfig(root)).toMatchObject({ hz: 5 });
    expect(readSavedConfig(root)).not.toHaveProperty('later');
  } finally {
    rmSync(root, { recursive: true });
  }
});

describe('readSavedConfig()', () => {
  it('gives one-shot commands what the home was served with, never acting, never removing history', async () => {
    const root = mkdtempSync(join(tmpdir(), 'rvm-config-'));
    try {
      expect(readSavedConfig(root)).toMatchObject({ hz: 1, retainDays: 0 });
      await saveConfig(root, buildConfig({ hz: 20, act: true, retainDays: 7 }));
      expect(readSavedConfig(root, { horizonMs: 9000 })).toMatchObject({
        hz: 20,
        act: false,
        retainDays: 0,
        horizonMs: 9000,
      });
      writeFileSync(join(root, 'config.json'), '{');
      expect(() => readSavedConfig(root)).toThrow(expect.objectContaining({ code: 'ERR_APP_CONFIG' }));
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});

describe('parseAssignment()', () => {
  it('reads values as JSON where they are, as text where they are not', () => {
    const parsed = ['max_iter=200', 'class_weight=balanced', 'verbose=false'].reduce(
      (all, text) => parseAssignment(text, all),
      {},
    );
    expect(parsed).toEqual({ max_iter: 200, class_weight: 'balanced', verbose: false });
  });

  it('refuses text without a name', () => {
    expect(() => parseAssignment('=3', {})).toThrow('name=value');
  });
});
