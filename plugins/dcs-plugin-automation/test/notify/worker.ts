import { Spool } from '../../src/notify/spool.ts';
import { folderOf, sendDue } from '../../src/notify/deliver.ts';
import { channelsOf } from '../../src/notify/channels.ts';
import { hostOf, notice } from './host.ts';

// Spools and sends until it is killed; says what is safe on disk.
const host = hostOf({ email: { type: 'email' } }, process.env, process.env['STATE']!);
const [channel] = await channelsOf(host);
const spool = new Spool(folderOf(host, channel!));
for (let n = 0; ; n++) {
  const target = `${process.argv[2]}-${n}`;
  await spool.add([notice({ target })]);
  process.stdout.write(`${target}\n`);
  await sendDue(host, channel!, AbortSignal.timeout(15_000)).catch(() => undefined);
}
