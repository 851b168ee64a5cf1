import { resolve } from 'node:path';
import { isDcsError, type DcsError } from 'dcs-sdk';
import { BranchCommand } from '../../branch-command.ts';
import { readMigrations, type Migration } from '../../migrate/files.ts';
import { optionsIn, sourceFlag } from '../../neon-command.ts';
import { fills, standingOf, type Standing } from '../../standing.ts';

export default class NeonStatus extends BranchCommand {
  static override description = `Each environment's database: its branch and size, whether Doppler points at it, and which migrations it lacks. Writes nothing.`;
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> -e dev --json'];
  static override flags = sourceFlag;

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(NeonStatus);
    const scope = await this.scope(flags.source);
    const { host, entry, project, options } = scope;
    const environments = flags.env === undefined ? (await host.environments()).filter((each) => fills(entry, each)) : [scope.environment];
    const files = await migrations(host.root, options.migrations_dir);
    const rows = await Promise.all(
      environments.map(async (environment) => standingOf({ ...scope, files }, await optionsIn(entry, environment), environment)),
    );
    const used = new Set(rows.map(({ branch }) => branch));
    const loose = scope.branches.filter(({ name }) => !used.has(name)).map(({ name }) => name);
    const width = Math.max(0, ...rows.map(({ environment }) => environment.length));
    const next = rows.flatMap(({ environment, doppler, pending }) => [
      ...(doppler === false ? [`Next  dcs sync ${entry.name} -e ${environment}`] : []),
      ...(Array.isArray(pending) && pending.length > 0 ? [`Next  dcs neon migrate -e ${environment}`] : []),
    ]);
    const lines = rows.map((row) => `${row.environment.padEnd(width)}  ${words(row).join('  ')}`);
    return this.out([...lines, ...(loose.length === 0 ? [] : [`no environment: ${loose.join(', ')}`]), ...next], {
      project,
      environments: rows.map((row) => ({ ...row, doppler: told(row.doppler), pending: told(row.pending) })),
      others: loose,
    });
  }
}

async function migrations(root: string, folder: string | undefined): Promise<Migration[] | undefined> {
  return folder === undefined ? undefined : readMigrations(resolve(root, folder), folder);
}

function words({ branch, bytes, expires, doppler, pending }: Standing): string[] {
  const points = isDcsError(doppler) ? `? ${doppler.message}` : doppler ? '✓ Doppler points at it' : '! Doppler points elsewhere';
  const lacks = isDcsError(pending)
    ? `? ${pending.message}`
    : pending === null
      ? undefined
      : pending.length === 0
        ? '✓ migrated'
        : `~ ${pending.length} to migrate`;
  return [
    `branch ${branch}`,
    ...(bytes === null ? [] : [`${(bytes / 1024 ** 2).toFixed(1)} MiB`]),
    ...(expires === null ? [] : [`until ${expires}`]),
    points,
    ...(lacks === undefined ? [] : [lacks]),
  ];
}

const told = <T>(value: T | DcsError): T | { error: { code: string; message: string } } =>
  isDcsError(value) ? { error: { code: value.code, message: value.message } } : value;
