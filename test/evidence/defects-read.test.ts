import { createHmac } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { freePort } from '../../runtime/test/program.ts';
import { verifySignature } from '../../runtime/src/webhook.ts';
import { running } from '../e2e/running.ts';
import { world, YAML, type World } from '../e2e/world.ts';

describe('of the defects that tools of this kind have had', function () {
  this.timeout(60_000);
  let w: World;
  beforeEach(async () => {
    w = await world();
    await w.yaml(YAML);
  });
  afterEach(() => w.close());

  it('a target that cannot be read is never shown as empty, in line or connected', async () => {
    for (const fault of [
      { kind: 'status', status: 403 },
      { kind: 'status', status: 404 },
      { kind: 'html', status: 200 },
      { kind: 'truncate' },
    ]) {
      await w.post('/_sandbox/faults', { cloud: 'cloudflare', times: 'forever', ...fault });
      for (const words of [['diff'], ['status'], ['sync', '--yes']]) {
        const ran = await w.dcs([...words, '-e', 'staging']);
        const said = `${words.join(' ')} ${JSON.stringify(fault)}: ${ran.out}${ran.err}`;
        expect(ran.code, said).to.be.oneOf([3, 4, 5, 8]);
        expect(ran.out + ran.err, said).to.not.match(/\+ create|in sync|connected|0 names/i);
      }
      await fetch(`${w.origin}/_sandbox/faults`, { method: 'DELETE' });
    }
    expect(await w.worker('STRIPE_KEY')).to.equal(undefined);
  });

  it('init leaves a dcs.yaml that is there as it is', async () => {
    const file = join(w.project, 'dcs.yaml');
    const text = `${YAML}# of somebody who is on holiday\n`;
    for (const [name, content] of [
      [file, text],
      [file, 'not: [valid'],
    ] as const) {
      await writeFile(name, content);
      for (const flags of [[], ['--yes'], ['--yes', '--name', 'shop']]) {
        const ran = await w.dcs(['init', ...flags]);
        expect(ran.code, ran.err).to.be.oneOf([2, 7]);
        expect(await readFile(file, 'utf8')).to.equal(content);
      }
    }
  });

  it('the webhook listens on this machine only', async function () {
    const elsewhere = Object.values(networkInterfaces())
      .flat()
      .find((each) => each && !each.internal && each.family === 'IPv4')?.address;
    if (elsewhere === undefined) return this.skip();
    const port = await freePort();
    const key = join(w.home, 'webhook.key');
    await w.yaml(`${YAML}triggers: [{type: webhook, environment: staging}]\n`);
    await w.dcs(['trust']);
    await w.dcs(['webhook', 'setup', `http://127.0.0.1:${port}/webhook`, '--key-file', key, '--yes']);
    const receiver = running(w, ['webhook', 'serve', '-p', String(port), '--key-file', key]);
    try {
      await receiver.until('listening', () => receiver.seen.err.includes('"listening"'));
      const reaches = (host: string): Promise<boolean> =>
        new Promise((resolve) => {
          const socket = connect({ host, port }, () => resolve(true)).on('error', () => resolve(false));
          socket.on('connect', () => socket.destroy());
        });
      expect([await reaches('127.0.0.1'), await reaches(elsewhere)]).to.deep.equal([true, false]);
    } finally {
      receiver.kill('SIGTERM');
      await receiver.ended;
    }
  });

  it('a signature is judged by the platform alone, once a key', async () => {
    const body = new TextEncoder().encode('{}');
    const signature = `sha256=${createHmac('sha256', 'one').update(body).digest('hex')}`;
    const { subtle } = globalThis.crypto;
    const verify = subtle.verify.bind(subtle);
    const judged: boolean[] = [];
    subtle.verify = async (...words: Parameters<typeof subtle.verify>) => {
      const fits = await verify(...words);
      judged.push(fits);
      return !fits; // whoever compares by itself does not follow
    };
    try {
      for (const [text, answer, times] of [
        [signature, true, [true, false]],
        [`sha256=${'0'.repeat(64)}`, true, [false, false]],
        [signature.slice(0, -2), false, []],
        [`${signature}00`, false, []],
      ] as const) {
        judged.length = 0;
        expect(await verifySignature(body, text, ['one', 'two'])).to.equal(answer);
        expect(judged).to.have.members(times); // in any order: both are asked at once
      }
    } finally {
      subtle.verify = verify;
    }
  });
});
