// Run as a process of its own by command.test.ts: `node probe.ts ROOT CODE [words]`.
import { Args, Config, Flags } from '@oclif/core';
import { DcsCommand } from '../src/command.ts';
import { DcsError, type ErrorCode } from '../src/error.ts';

const [root, thrown, ...argv] = process.argv.slice(2);

class Probe extends DcsCommand {
  static override flags = {
    yes: Flags.boolean({ char: 'y' }),
    file: Flags.string(),
    late: Flags.string({ dependsOn: ['file'] }),
    kind: Flags.string({ options: ['one', 'two'] }),
    count: Flags.integer({ max: 9 }),
  };
  static override args = { rest: Args.string() };
  async run(): Promise<unknown> {
    await this.parse(Probe);
    if (thrown === 'BUG') throw new TypeError('cannot parse sesame');
    if (thrown === 'NONE') return this.out(['one', 'two'], { done: 2 });
    throw new DcsError(thrown as ErrorCode, 'The write failed.', {
      why: 'The account did not answer in time although dcs asked for it five times, and so nothing at all was written to it.',
      hint: ['dcs doctor', 'dcs sync'],
      ref: 'ray-1',
    });
  }
}

await Probe.run(argv, await Config.load({ root: root! }));
