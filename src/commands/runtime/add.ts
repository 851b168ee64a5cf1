import { Args, Flags } from '@oclif/core';
import { DcsCommand } from 'dcs-sdk/command';
import { addRuntime } from '../../runtime/add.ts';
import { openSession } from '../../session.ts';

export default class RuntimeAdd extends DcsCommand {
  static override description = `Put an adapter into the app here, so that it reads its secrets from Doppler while it runs.

Edits the module that the app starts with, and the dependencies in its package.json: the names it reads from its environment and that Doppler has come through the adapter. The change is shown before it is written; a second run changes nothing. What the adapter does: docs/runtime.md.`;
  static override examples = [
    { description: 'The Worker of the wrangler file here', command: '<%= config.bin %> <%= command.id %> cloudflare' },
    { description: 'The server of this package: express, fastify, node:http', command: '<%= config.bin %> <%= command.id %> node' },
    {
      description: 'Exactly these names, without asking Doppler',
      command: '<%= config.bin %> <%= command.id %> cloudflare --only STRIPE_KEY --yes',
    },
  ];
  static override args = {
    type: Args.string({ required: true, description: 'the platform: node (any server), or what a plugin brings: cloudflare' }),
  };
  static override flags = {
    only: Flags.string({
      helpValue: 'NAME',
      multiple: true,
      multipleNonGreedy: true,
      description: 'only these names (as they are called in Doppler)',
    }),
    yes: Flags.boolean({ char: 'y', description: 'write without asking' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(RuntimeAdd);
    const session = await openSession(this.config, this.invocation(), { optional: true });
    const { title, module, keys, files, install, token } = await addRuntime(
      session,
      { type: args.type, only: flags.only ?? [], yes: flags.yes },
      (line) => {
        if (!this.jsonEnabled() && !flags.quiet) this.logToStderr(line);
      },
    );
    const done = [
      `✓ ${title}: ${files.join(' and ')} written.`,
      `Next  ${install}`,
      `      ${token}     a service token of its config, where it runs`,
    ];
    return this.out(files.length === 0 ? [`= ${title}: the adapter is there. Nothing was written.`] : done, {
      type: args.type,
      module,
      keys,
      files,
      install,
      token,
    });
  }
}
