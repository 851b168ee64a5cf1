import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Flags } from '@oclif/core';
import { DcsError, isDcsError } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import { bring } from '../../plugins/bring.ts';
import { alone, clear, installed } from '../../plugins/installed.ts';
import type { Wanted } from '../../plugins/names.ts';
import { broughtJson, broughtLines } from '../../plugins/report.ts';
import { prompts } from '../../prompts.ts';

export default class PluginsReset extends DcsCommand {
  static override description =
    'Take every plugin off this machine, installed or linked; with --reinstall, install anew those that came from a registry.';
  static override examples = ['<%= config.bin %> plugins reset', '<%= config.bin %> plugins reset --reinstall --yes'];
  static override flags = {
    reinstall: Flags.boolean({ description: 'install the same ones anew' }),
    yes: Flags.boolean({ char: 'y', description: 'without asking; an installation anew of official plugins only' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(PluginsReset);
    const { dataDir } = this.config;
    const say = (line: string): void => {
      if (!this.jsonEnabled() && !flags.quiet) this.logToStderr(line);
    };
    const before = orNone(() => installed(dataDir));
    const names = before.map(({ name }) => name);
    for (const name of names) say(`- ${name}`);
    if (!flags.yes && !(await prompts(this.invocation(), process.env).confirm('Take all plugins off this machine?', '--yes')))
      throw new DcsError('REFUSED', 'You said no.', { why: 'Nothing was changed.' });
    await alone(dataDir, async () => {
      await clear(dataDir);
      for (const { name } of before) await rm(join(dataDir, 'plugins', name.replace('/', '+')), { recursive: true, force: true });
    });
    const anew = before.flatMap(({ name, type, seal }): Wanted[] =>
      flags.reinstall && type === 'user' && seal !== undefined && seal.from !== 'this machine'
        ? [{ kind: 'package', name, ...(seal.pinned === undefined ? {} : { version: seal.pinned }) }]
        : [],
    );
    const brought = await bring(this.config, anew, this.invocation(), say);
    return this.out([...names.map((name) => `✓ ${name} taken off`), ...broughtLines(brought, '').filter(Boolean)], {
      removed: names,
      ...broughtJson(brought),
    });
  }
}

/** A list that cannot be read is a reason to reset. */
function orNone<T>(read: () => readonly T[]): readonly T[] {
  try {
    return read();
  } catch (error) {
    if (isDcsError(error)) return [];
    throw error;
  }
}
