// A child process for fault tests: publishes two datasets in turn to one place until it is killed, or once until it fails.
//   forever <target>   prints a line for each publication
//   once <target>      prints the code and the text of the error
import { writeSync } from 'node:fs';
import { publishDataset } from '../../../src/export/publish/index.ts';
import { isRuvectorError } from '../../../src/core/index.ts';
import { publishSource, rowsFrom } from './publish-source.ts';

// Without a listener the default action of a file size limit is to kill the process.
process.on('SIGXFSZ', () => undefined);

const [mode, to] = process.argv.slice(2) as [string, string];

async function publishForever(): Promise<never> {
  for (let turn = 0; ; turn++) {
    const first = turn % 2 === 0 ? 0 : 50_000;
    const report = await publishDataset(publishSource({ train: rowsFrom(first, 6000) }), {
      to,
      name: 'kill',
    });
    writeSync(1, `${report.version}\n`);
  }
}

if (mode === 'forever') await publishForever();

try {
  const report = await publishDataset(publishSource({ train: rowsFrom(0, 60_000) }), { to, name: 'full' });
  writeSync(1, `${report.version}\n`);
} catch (error) {
  if (!isRuvectorError(error)) throw error;
  writeSync(1, `${error.code}: ${error.message}\n`);
}
