import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Flags } from '@oclif/core';
import { DcsError, isDcsError } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import { bring } from '../../plugins/bring.ts';
import { alone, clear, installed, strike } from '../../plugins/installed.ts';
import type { Wanted } from '../../plugins/names.ts';
import { broughtJson, broughtLines } from '../../plugins/report.ts';
import { prompts } from '../../prompts.ts';

export default class PluginsReset extends DcsCommand {
  static override description =
    'Take every plugin off this machine, installed or linked; with --reinstall, keep those that came from a registry, and install anew what is not whole.';
  static override examples = ['<%= config.bin %> plugins reset', '<%= config.bin %> plugins reset --reinstall --yes'];
  static override flags = {
    reinstall: Flags.boolean({ description: 'keep those of a registry, each whole' }),
    yes: Flags.boolean({ char: 'y', description: 'without asking; with --reinstall of official plugins only' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(PluginsReset);
    const { dataDir } = this.config;
    const say = (line: string): void => {
      if (!this.jsonEnabled() && !flags.quiet) this.logToStderr(line);
    };
    const before = orNone(() => installed(dataDir));
    const anew = before.flatMap(({ name, type, seal }): Extract<Wanted, { kind: 'package' }>[] =>
      flags.reinstall && type === 'user' && seal !== undefined && seal.from !== 'this machine'
        ? [{ kind: 'package', name, ...(seal.pinned === undefined ? {} : { version: seal.pinned }) }]
        : [],
    );
    const gone = before.map(({ name }) => name).filter((name) => !anew.some((each) => each.name === name));
    for (const name of gone) say(`- ${name}`);
    const question = anew.length === 0 ? 'Take all plugins off this machine?' : 'Keep only plugins of a registry, each whole?';
    if (!flags.yes && !(await prompts(this.invocation(), process.env).confirm(question, '--yes')))
      throw new DcsError('REFUSED', 'You said no.', { why: 'Nothing was changed.' });
    // First: where it fails, all plugins are as they were.
    const brought = anew.length === 0 ? { placed: [], same: [] } : await bring(this.config, anew, this.invocation(), say);
    await alone(dataDir, async () => {
      await (anew.length === 0 ? clear(dataDir) : strike(dataDir, gone));
      for (const name of gone) await rm(join(dataDir, 'plugins', name.replace('/', '+')), { recursive: true, force: true });
    });
    return this.out([...gone.map((name) => `✓ ${name} taken off`), ...broughtLines(brought, '').filter(Boolean)], {
      removed: gone,
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
