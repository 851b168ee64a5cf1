import { DcsCommand } from 'dcs-sdk/command';
import { span } from '../../run/duration.ts';
import { keptSnapshots } from '../../run/snapshot.ts';
import { table } from '../../render/style.ts';
import { openSession } from '../../session.ts';

export default class CacheShow extends DcsCommand {
  static override description =
    'The snapshots that `dcs run` and `dcs env` fall back to when Doppler cannot be reached: of which configs, and how old.';
  static override examples = ['<%= config.bin %> cache show'];

  async run(): Promise<Record<string, unknown>> {
    await this.parse(CacheShow);
    const { directories } = await openSession(this.config, this.invocation(), { optional: true });
    const kept = await keptSnapshots(directories.cacheDir);
    const rows = kept.map(({ identity, at }) => [identity, `${span(Math.max(0, Date.now() - at))} old`]);
    const lines = rows.length === 0 ? ['No snapshots.'] : [...table(rows), '', 'Each is sealed with the Doppler token that read it.'];
    return this.out(lines, { snapshots: kept.map(({ identity, at, file }) => ({ identity, at: new Date(at).toISOString(), file })) });
  }
}
