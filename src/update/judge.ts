import { DcsError } from 'dcs-sdk';
import type { Channel, Manifest } from './manifest.ts';
import { compareVersions } from './version.ts';

export interface Asked {
  readonly platform: string;
  /** The version in use. */
  readonly current: string;
  readonly channel: Channel;
  /** Named by a person: may be older, and of any channel and age. */
  readonly version?: string | undefined;
}

/** Throws REFUSED unless this signed manifest answers what was asked: a signature alone does not say for whom, for what or until when. */
export function judge(manifest: Manifest, { platform, current, channel, version }: Asked, now: Date): void {
  if (manifest.product !== 'dcs') refuse('The update is of another product.');
  if (manifest.platform !== platform) refuse(`The update is for another system than ${platform}.`);
  if (compareVersions(current, manifest.minimum) < 0)
    refuse(`dcs ${current} is too old to update to ${manifest.version}.`, `dcs update --version ${manifest.minimum}`);
  if (version !== undefined) {
    if (manifest.version !== version) refuse(`The update is another version than ${version}.`);
    return;
  }
  if (manifest.channel !== channel) refuse(`The update is of another channel than ${channel}.`);
  if (new Date(manifest.expires) <= now)
    refuse(
      `What the channel ${channel} says has expired on ${manifest.expires.slice(0, 10)}.`,
      'look at the clock of this machine; if it is right, somebody holds back updates, or none were published: try again later',
    );
  if (compareVersions(manifest.version, current) < 0)
    refuse(`The channel ${channel} is at ${manifest.version}, older than ${current}.`, [
      'nothing: the channel will overtake it',
      `dcs update ${channel} --version ${manifest.version}     to go back`,
    ]);
}

function refuse(message: string, hint?: string | readonly string[]): never {
  throw new DcsError('REFUSED', message, {
    why: 'Nothing was unpacked; the version in use is as it was.',
    ...(hint === undefined ? {} : { hint }),
  });
}
