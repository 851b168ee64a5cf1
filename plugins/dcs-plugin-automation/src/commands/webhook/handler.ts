import { writeFile } from 'node:fs/promises';
import { Args, Flags } from '@oclif/core';
import { DcsError } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import { blueprint, PLATFORMS, WAYS, type Platform, type Way } from '../../webhook/blueprints.ts';
import { allowedOf } from '../../webhook/allowed.ts';

export default class WebhookHandler extends DcsCommand {
  static override description = `Write a receiver that you deploy, in TypeScript, for the configs that triggers of dcs.yaml name.

It holds no value: it verifies Doppler's signature with dcs-runtime/webhook and triggers a workflow (repository_dispatch), a message of the platform's queue (Cloudflare Queues, Pub/Sub), or a dcs webhook serve that only it reaches.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> cloudflare --out src/webhook.ts',
    '<%= config.bin %> <%= command.id %> firebase --to queue --out functions/src/webhook.ts',
    '<%= config.bin %> <%= command.id %> express --to receiver',
  ];
  static override args = { platform: Args.string({ required: true, options: [...PLATFORMS], description: 'where it runs' }) };
  static override flags = {
    to: Flags.string({ options: [...WAYS], default: 'github', description: 'what an event triggers' }),
    out: Flags.string({ helpValue: 'FILE', description: 'a new file; default: stdout' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags, args } = await this.parse(WebhookHandler);
    const host = await this.host();
    const configs = Object.fromEntries([...(await allowedOf(host, flags.env))].map(([place, { environment }]) => [place, environment]));
    const [platform, to] = [args.platform as Platform, flags.to as Way];
    const code = await blueprint(platform, to, configs);
    const { out } = flags;
    if (out === undefined) return this.out([code.trimEnd()], { platform, to, configs, code });
    await writeNew(out, code);
    return this.out([`+ ${out}`, 'Next  npm install dcs-runtime', '      dcs webhook setup https://WHERE-IT-RUNS/webhook'], {
      platform,
      to,
      configs,
      file: out,
    });
  }
}

async function writeNew(file: string, code: string): Promise<void> {
  try {
    await writeFile(file, code, { flag: 'wx' });
  } catch (error) {
    const { code: why = 'unknown reason' } = error as NodeJS.ErrnoException;
    if (why === 'EEXIST')
      throw new DcsError('CONFLICT', `${file} is there already.`, { why: 'Nothing was written.', hint: 'another --out, or delete it' });
    throw new DcsError('CONFIG', `${file} cannot be written (${why}).`, { why: 'Nothing was written.' });
  }
}
