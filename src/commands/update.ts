import { Args, Flags } from '@oclif/core';
import { DcsError } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import { ciOf } from '../config/ci.ts';
import { table } from '../render/style.ts';
import { broughtByOthers } from '../update/elsewhere.ts';
import { updatesAt } from '../update/fetch.ts';
import { whereItFails } from '../update/folder-failures.ts';
import { readPointer, standaloneInstall, type Install } from '../update/install-folder.ts';
import { CHANNELS, type Channel } from '../update/manifest.ts';
import { available, rollback, update, type Updated } from '../update/update.ts';
import { VERSION } from '../update/version.ts';

export default class Update extends DcsCommand {
  static override description = `Update the standalone dcs to the newest version of its channel.

Only what dcs's keys signed is unpacked, beside the version in use; it is tried out, then switched to at once. The version before stays for --rollback. A dcs that came by npm or Homebrew is told what to type. Never in CI, never unasked.`;
  static override examples = [
    '<%= config.bin %> update',
    '<%= config.bin %> update beta',
    '<%= config.bin %> update --available',
    '<%= config.bin %> update --version 0.2.1',
    '<%= config.bin %> update --rollback',
  ];
  static override args = {
    channel: Args.string({
      options: [...CHANNELS],
      description: 'stable or beta, also for the next times; the one of the last time when left out',
    }),
  };
  static override flags = {
    available: Flags.boolean({ description: 'what there is; changes nothing', exclusive: ['version', 'rollback'] }),
    version: Flags.string({ helpValue: 'VERSION', description: 'exactly this version, older ones too', exclusive: ['rollback'] }),
    rollback: Flags.boolean({ description: 'back to the version before, without a network' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(Update);
    const channel = args.channel as Channel | undefined;
    const version = flags.version?.replace(/^v/, '');
    if (version !== undefined && !VERSION.test(version))
      throw new DcsError('USAGE', '--version wants a version such as 0.2.1.', { hint: 'dcs update --available' });
    if (channel !== undefined && (flags.rollback || flags.available))
      throw new DcsError('USAGE', `--${flags.rollback ? 'rollback' : 'available'} goes without a channel.`);
    const install = standaloneInstall(this.config.root, this.config.version);
    if (!install) throw broughtByOthers(this.config.root, channel, version);
    const updates = updatesAt(install, this.config.userAgent);
    if (flags.available) return this.#show(install, await available(install, updates, new Date()));
    refuseInCi();
    const done = await whereItFails(install.root, () =>
      flags.rollback ? rollback(install) : update(install, updates, { channel, version }, (line) => flags.quiet || this.logToStderr(line)),
    );
    return this.out(said(done), { ...done });
  }

  async #show(install: Install, channels: Awaited<ReturnType<typeof available>>): Promise<Record<string, unknown>> {
    const pointer = await readPointer(install);
    const versions = [...new Set(channels.flatMap((one) => one.versions))];
    const rows = versions.map((version) => [
      version,
      [
        ...channels.filter((one) => one.version === version).map((one) => one.channel),
        ...(version === pointer.version ? ['in use'] : []),
        ...(version === pointer.previous ? ['--rollback'] : []),
      ].join(', '),
    ]);
    const lines = rows.length === 0 ? ['There are no versions yet.'] : [...table(rows), '', `Your channel is ${pointer.channel}.`];
    return this.out(lines, {
      ...pointer,
      channels: channels.map(({ channel, version, expires }) => ({ channel, version, expires })),
      versions,
    });
  }
}

/** A job runs the version that its workflow names, or two runs of one commit differ. */
function refuseInCi(): void {
  const ci = ciOf(process.env);
  if (ci)
    throw new DcsError('REFUSED', `dcs does not update itself in CI (${ci.name}).`, {
      why: 'A job runs the version that its workflow names. Nothing was changed.',
      hint: 'name the version where the job installs dcs: see docs/installing.md',
    });
}

function said({ updated, version, previous, channel }: Updated): string[] {
  if (!updated) return [`dcs ${version} is in use already (channel ${channel}).`];
  return [
    `✓ dcs ${version} is in use (channel ${channel})`,
    ...(previous === undefined ? [] : [`  Back to ${previous}: dcs update --rollback`]),
  ];
}
