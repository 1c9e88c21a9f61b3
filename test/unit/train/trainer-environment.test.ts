import { expect, it } from 'vitest';
import { buildTrainerEnvironment } from '../../../src/train/trainer-environment.ts';

it('buildTrainerEnvironment() passes paths and locale and keeps secrets and Python settings back', () => {
  const parent = {
    PATH: '/bin',
    HOME: '/home/a',
    LANG: 'C.UTF-8',
    AWS_SECRET_ACCESS_KEY: 'secret',
    NPM_TOKEN: 'secret',
    PYTHONSTARTUP: '/tmp/evil.py',
    PYTHONPATH: '/tmp/evil',
    LD_PRELOAD: '/tmp/evil.so',
  };
  const environment = buildTrainerEnvironment(parent, 1);
  expect(environment).toMatchObject({ PATH: '/bin', HOME: '/home/a', LANG: 'C.UTF-8' });
  expect(JSON.stringify(environment)).not.toMatch(/secret|evil/);
});

it('buildTrainerEnvironment() bounds the threads of numeric libraries', () => {
  expect(buildTrainerEnvironment({}, 2)).toMatchObject({ OMP_NUM_THREADS: '2', OPENBLAS_NUM_THREADS: '2' });
});
