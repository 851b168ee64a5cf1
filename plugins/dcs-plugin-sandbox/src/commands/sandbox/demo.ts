import { createInterface } from 'node:readline/promises';
import { Flags } from '@oclif/core';
import { DcsCommand } from 'dcs-sdk/command';
import { setStage } from '../../demo/stage.ts';
import { STORY } from '../../demo/story.ts';

export default class Demo extends DcsCommand {
  static override description = 'The whole product in eight steps, on this machine: no account, nothing leaves it.';
  static override examples = ['<%= config.bin %> sandbox demo', '<%= config.bin %> sandbox demo --fast'];
  static override flags = { fast: Flags.boolean({ description: 'no pauses' }) };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(Demo);
    const host = await this.host();
    const started = performance.now();
    const say = (line: string): void => {
      if (!this.jsonEnabled()) this.log(line);
    };
    const pauses = !flags.fast && !this.jsonEnabled() && !flags['no-input'] && process.stdin.isTTY === true;
    say('SANDBOX · Doppler and Cloudflare on 127.0.0.1 · nothing leaves this machine');
    say(`${STORY.length} steps with the real commands.${pauses ? ' Enter: next. q: stop. --fast: no pauses.' : ''}\n`);
    const stage = await setStage(this.config, host.env, say);
    let played = 0;
    try {
      for (const step of STORY) {
        if (pauses && played > 0 && (await next())) break;
        say(`${played + 1}/${STORY.length}  ${step.title}`);
        await step.play(stage);
        played++;
      }
    } finally {
      await stage.strike();
    }
    const seconds = Math.round((performance.now() - started) / 1000);
    return this.out(
      [
        `✓ ${played} of ${STORY.length} in ${seconds} s: planned, written, confirmed, drift found, a stranger's secret left alone, an old plan refused`,
        'Next  dcs sandbox shell   dcs, doppler and wrangler on the sandbox; exit ends it',
        '      dcs init            in your own repository',
      ],
      { steps: STORY.length, played, seconds },
    );
  }
}

/** True when the person wants to stop. */
async function next(): Promise<boolean> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await reader.question('')).trim().toLowerCase() === 'q';
  } finally {
    reader.close();
  }
}
