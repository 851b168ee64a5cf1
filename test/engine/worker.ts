// A process of its own for the tests that need several: `node worker.ts WHAT ARG...`, one JSON line on stdout.
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDcsError } from 'dcs-sdk';
import { ownKeys } from './keys.ts';
import { emptyLedger } from '../../src/engine/ledger-file.ts';
import { gitHome } from '../../src/engine/ledger-git.ts';
import { acquire } from '../../src/engine/lock.ts';

const [what, dir = '', word = ''] = process.argv.slice(2);
const say = (line: unknown): boolean => process.stdout.write(`${JSON.stringify(line)}\n`);

if (what === 'key') {
  const keys = await ownKeys(dir, 'shop-prd');
  say(keys.active.mac('p', 'n', 'v'));
} else if (what === 'hold') {
  await acquire({ stateDir: dir, place: 'here', run: word });
  say('held');
  setInterval(() => undefined, 1000);
} else if (what === 'turns') {
  // Each turn notes its begin and its end: two begins in a row would be two holders at a time.
  for (let got = 0; got < 3;) {
    try {
      const lock = await acquire({ stateDir: dir, place: 'here', run: word });
      appendFileSync(`${dir}/turns`, `begin ${word}\n`);
      await sleep(3);
      appendFileSync(`${dir}/turns`, `end ${word}\n`);
      await lock.release();
      got++;
    } catch (error) {
      if (!isDcsError(error)) throw error;
    }
    await sleep(Math.random() * 20);
  }
} else if (what === 'save') {
  const keys = await ownKeys(dir, 'shop-prd');
  const home = gitHome({ file: `${dir}/dcs.lock`, keys });
  for (let serial = 1; serial <= 5; serial++) await home.save(emptyLedger(word, keys, undefined, serial), 'settled');
}
