import { DcsCommand } from 'dcs-sdk/command';
import { removeIfThere } from '../../files.ts';
import { keptSnapshots } from '../../run/snapshot.ts';
import { plural } from '../../render/style.ts';
import { openSession } from '../../session.ts';

export default class CacheClean extends DcsCommand {
  static override description = 'Remove every snapshot. The next `dcs run` or `dcs env` needs Doppler and keeps a new one.';
  static override examples = ['<%= config.bin %> cache clean'];

  async run(): Promise<Record<string, unknown>> {
    await this.parse(CacheClean);
    const { directories } = await openSession(this.config, this.invocation(), { optional: true });
    const kept = await keptSnapshots(directories.cacheDir);
    for (const { file } of kept) await removeIfThere(file);
    return this.out([`${plural(kept.length, 'snapshot')} removed.`], { removed: kept.map(({ identity }) => identity) });
  }
}
