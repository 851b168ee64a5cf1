import { homedir } from 'node:os';
import { DcsCommand } from 'dcs-sdk/command';
import { findConfig } from '../config/load.ts';
import { machineLog } from '../engine/audit-file.ts';
import type { Member } from '../config/workspace.ts';
import { ago, plural, table } from '../render/style.ts';
import { openSession, type Session } from '../session.ts';

export default class Home extends DcsCommand {
  static override description = 'Where am I, and what can I do next? What dcs prints without arguments. Asks no server.';
  static override examples = ['<%= config.bin %>'];
  static override hidden = true;

  async run(): Promise<Record<string, unknown>> {
    await this.parse(Home);
    const invocation = this.invocation();
    const file = invocation.configFile ?? findConfig(process.cwd());
    if (file === undefined) {
      const here = process.cwd() === homedir() ? '~' : process.cwd();
      return this.out(
        [
          `No dcs.yaml in ${here} or above. dcs brings secrets from Doppler to your clouds.`,
          '  dcs init           find the clouds of this repository and write dcs.yaml',
          '  dcs sandbox demo   see it work on this machine, no account needed (1 minute)',
        ],
        { file: null },
      );
    }
    const session = await openSession(this.config, invocation);
    const { workspace, targets } = session.project;
    if (workspace?.file === file && targets.size === 0) return this.#workspace(file, await workspace.members());
    const chosen = session.choose(true);
    const rows = [...session.project.targets.values()].map(({ name, type, environments }, index) => [
      index === 0 ? 'target   ' : '',
      name,
      type,
      environments.join(', '),
    ]);
    const last = await lastSync(session);
    const lines = [
      ...table(rows).map((line) => `  ${line}`),
      ...(last === undefined ? [] : [`  last sync  ${last}`]),
      '',
      '  dcs status         is everything in sync?',
      `  dcs diff -e ${[...session.project.environments.keys()].at(-1) ?? chosen.name}`.padEnd(21) + 'what would a sync change?',
      `  dcs run -- CMD     run CMD with the secrets of ${chosen.name}`,
    ];
    if (!this.jsonEnabled()) this.logToStderr(chosen.line);
    return this.out(lines, { file, environment: chosen.name, targets: [...session.project.targets.keys()] });
  }

  /** A root file that only holds others together. */
  #workspace(file: string, members: readonly Member[]): Record<string, unknown> {
    const lines = [
      `A workspace of ${plural(members.length, 'member')}.`,
      '',
      '  dcs status --all          is everything in sync?',
      `  dcs status ${members[0]!.folder}/`.padEnd(28) + 'of one member',
      '  dcs diff --changed main   what would a sync of what changed here change?',
    ];
    return this.out(lines, { file, members: members.map(({ folder }) => folder) });
  }
}

/** `prod 3 days ago, you`: from the log of this machine. */
async function lastSync({ directories, project }: Session): Promise<string | undefined> {
  const entry = (await machineLog({ stateDir: directories.stateDir, project: project.doppler.project }).read()).entries.at(-1);
  return entry && `${entry.environment} ${ago(entry.at, new Date())}, ${entry.by}`;
}
