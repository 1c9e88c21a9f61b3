import { describe, expect, it } from 'vitest';
import { listDataDirectories, resolveUserDataDirectory } from '../../../../src/app/jupyter/jupyter-paths.ts';
import type { JupyterHost } from '../../../../src/app/jupyter/jupyter-paths.ts';

const host = (platform: NodeJS.Platform, env: JupyterHost['env'] = {}): JupyterHost => ({
  platform,
  env,
  home: platform === 'win32' ? 'C:\\Users\\ada' : '/home/ada',
});

describe('resolveUserDataDirectory()', () => {
  it.each([
    ['linux', {}, '/home/ada/.local/share/jupyter'],
    ['linux', { XDG_DATA_HOME: '/data' }, '/data/jupyter'],
    ['linux', { XDG_DATA_HOME: '/data', JUPYTER_DATA_DIR: '/mine' }, '/mine'],
    ['darwin', { XDG_DATA_HOME: '/data' }, '/home/ada/Library/Jupyter'],
    ['darwin', { JUPYTER_PLATFORM_DIRS: '1' }, '/home/ada/Library/Application Support/jupyter'],
    ['darwin', { JUPYTER_PLATFORM_DIRS: 'false' }, '/home/ada/Library/Jupyter'],
    ['win32', { APPDATA: 'C:\\Roaming' }, 'C:\\Roaming\\jupyter'],
    ['win32', {}, 'C:\\Users\\ada\\.jupyter\\data'],
    ['win32', { JUPYTER_CONFIG_DIR: 'D:\\config' }, 'D:\\config\\data'],
    ['win32', { JUPYTER_PLATFORM_DIRS: 'yes' }, 'C:\\Users\\ada\\AppData\\Local\\jupyter'],
  ] as const)('follows the rules of %s when the environment is %j', (platform, env, wanted) => {
    expect(resolveUserDataDirectory(host(platform, env))).toBe(wanted);
  });
});

describe('listDataDirectories()', () => {
  it('searches JUPYTER_PATH, the user, environments, then the system', () => {
    expect(listDataDirectories(host('linux', { JUPYTER_PATH: '/a:/b' }), ['/venv'])).toEqual([
      '/a',
      '/b',
      '/home/ada/.local/share/jupyter',
      '/venv/share/jupyter',
      '/usr/local/share/jupyter',
      '/usr/share/jupyter',
    ]);
  });

  it('names a folder once when the prefix is the system', () => {
    const listed = listDataDirectories(host('linux', { PYTHONUSERBASE: '/base' }), ['/usr']);
    expect(listed).toContain('/base/share/jupyter');
    expect(listed.filter((directory) => directory === '/usr/share/jupyter')).toHaveLength(1);
  });
});
