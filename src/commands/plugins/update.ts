import { Args, Flags } from '@oclif/core';
import { DcsError } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import { bring } from '../../plugins/bring.ts';
import { installed } from '../../plugins/installed.ts';
import { packageName } from '../../plugins/names.ts';
import { broughtJson, broughtLines } from '../../plugins/report.ts';

export default class PluginsUpdate extends DcsCommand {
  static override description =
    "Bring installed plugins up to date: official ones to this dcs's versions, others to their latest. One that was asked for in a version stays, unless it is named. A failed update leaves what works.";
  static override examples = ['<%= config.bin %> plugins update', '<%= config.bin %> plugins update neon --yes'];
  static override strict = false;
  static override args = { plugin: Args.string({ description: 'only these', multiple: true }) };
  static override flags = { yes: Flags.boolean({ char: 'y', description: 'without asking; covers official plugins only' }) };

  async run(): Promise<Record<string, unknown>> {
    const { flags, args } = await this.parse(PluginsUpdate);
    const only = [args.plugin ?? []].flat().map(packageName);
    const here = installed(this.config.dataDir);
    const absent = only.find((name) => !here.some((plugin) => plugin.name === name && plugin.type === 'user'));
    if (absent !== undefined) throw new DcsError('USAGE', `${absent} is not installed from a registry.`, { hint: 'dcs plugins' });
    const moves = here.filter(
      ({ name, type, seal }) => type === 'user' && (only.length > 0 ? only.includes(name) : seal?.pinned === undefined),
    );
    const stays = here.filter(({ type, name, seal }) => type === 'user' && seal?.pinned !== undefined && !only.includes(name));
    const brought = await bring(
      this.config,
      moves.map(({ name }) => ({ kind: 'package', name })),
      this.invocation(),
      (line) => {
        if (!this.jsonEnabled() && !flags.quiet) this.logToStderr(line);
      },
    );
    const left = stays.map(({ name, seal }) => ({ name, version: seal!.version }));
    const lines = left.map(({ name, version }) => `= ${name} stays at ${version}, which was asked for`);
    return this.out(
      broughtLines(brought, lines.length > 0 ? '' : 'No plugin is installed.')
        .filter(Boolean)
        .concat(lines),
      { ...broughtJson(brought), left },
    );
  }
}
