import { Command } from 'commander';
import { expect, it } from 'vitest';
import { addCollect } from '../../../src/app/commands/collect.ts';
import { addExport } from '../../../src/app/commands/export.ts';
import { addPublish } from '../../../src/app/commands/publish.ts';
import { addTrain } from '../../../src/app/commands/train.ts';
import { nameFlags } from '../../../src/app/flag-names.ts';
import { RuvectorError } from '../../../src/core/index.ts';

function tell(add: (program: Command) => void, problem: string): string {
  const program = new Command('ruvector-memopt');
  add(program);
  const message = `Cannot do it: ${problem}; correct this option`;
  return nameFlags(
    new RuvectorError('ERR_EXPORT_OPTIONS', message, { details: { problems: [problem] } }),
    program.commands[0]!,
  );
}

it.each([
  [addExport, 'start is "yesterday", wanted a time', '--from is "yesterday", wanted a time'],
  [addExport, 'start is not before end', '--from is not before --to'],
  [addExport, 'trainTestSplit is 2, wanted between 0 and 1', '--split is 2, wanted between 0 and 1'],
  [addPublish, 'to is "s3://", wanted a folder', '--target is "s3://", wanted a folder'],
  [addPublish, 'dataVersion is "x", wanted three numbers', '--data-version is "x", wanted three numbers'],
  [addPublish, 'keyFile is "", wanted a path', '--key-file is "", wanted a path'],
  [addTrain, '"batch_size" is "x", wanted a number', '--batch-size is "x", wanted a number'],
  [addTrain, 'backend is "x", wanted one of python', '--backend is "x", wanted one of python'],
  [addTrain, 'search.trials is 0, wanted more', '--search is 0, wanted more'],
  [addCollect, 'hz is 60, wanted 0.1 to 50', '--hz is 60, wanted 0.1 to 50'],
  [addCollect, 'processIntervalMs is 0, wanted more', '--process-interval is 0, wanted more'],
  [addCollect, 'the start is not known', 'the start is not known'],
])('nameFlags() says the flag of %o for "%s"', (add, problem, wanted) => {
  expect(tell(add, problem)).toBe(`Cannot do it: ${wanted}; correct this option`);
});

it('nameFlags() changes nothing where no command ran', () => {
  const error = new RuvectorError('ERR_EXPORT_OPTIONS', 'start is "x"', {
    details: { problems: ['start is "x"'] },
  });
  expect(nameFlags(error, null)).toBe('start is "x"');
});
