// A script as a user writes one: collects for a moment and ends, or (`wait`) collects until it is killed.
import { collector, rv } from '../../../src/index.ts';

if (process.argv[2] === 'wait') {
  const { pid } = await rv.start({ hz: 20 });
  process.stdout.write(`${pid}\n`);
  await collector.collect({ seconds: 600 });
} else {
  const { height } = await collector.collect({ seconds: 0.5, hz: 20 });
  process.stdout.write(`${(await rv.status())!.pid} ${height}\n`);
}
