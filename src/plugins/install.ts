import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Env } from 'dcs-sdk';
import { writePrivate } from '../files.ts';
import { enlist, freshFolder } from './installed.ts';
import type { Candidate } from './judge.ts';
import { npmInstall } from './npm.ts';
import { registryOf } from './npmrc.ts';
import { download } from './release.ts';
import { sealOf } from './seal.ts';
import { checkUnpacked, type Unpacked } from './unpacked.ts';

export interface Placed extends Unpacked {
  readonly name: string;
  readonly version: string;
}

const PACKED = 'plugin.tgz';

/**
 * Installs what was agreed to, and nothing else: the bytes are fetched once, compared with the checksum, unpacked by npm from here
 * into a folder of its own, looked at, sealed, and only then put on the list. Whatever fails before leaves the list as it was.
 */
export async function place(dataDir: string, candidate: Candidate, env: Env, home: string): Promise<Placed> {
  const { name, version, integrity, release } = candidate;
  const bytes = candidate.bytes ?? (await download(release!));
  const folder = await freshFolder(dataDir, name, version);
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, PACKED), bytes, { mode: 0o600 });
    await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: { [name]: `file:${PACKED}` } }));
    // The registry of everything without a scope; npm finds those of scopes itself.
    await npmInstall(folder, await registryOf('', env, home), env);
    const unpacked = checkUnpacked(folder, { name, version, integrity });
    await writePrivate(join(folder, 'seal.json'), JSON.stringify(sealOf(folder, about(candidate))));
    await enlist(dataDir, { name, type: 'user', tag: version, root: folder });
    return { name, version, ...unpacked };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

const about = ({ name, version, integrity, official, from, pinned, release, provenance }: Candidate) => ({
  name,
  version,
  integrity,
  official,
  from,
  installed: new Date().toISOString(),
  ...(pinned === undefined ? {} : { pinned }),
  ...(release?.publisher === undefined ? {} : { publisher: release.publisher }),
  ...(provenance === undefined ? {} : { provenance: `${provenance.repository} ${provenance.workflow}` }),
});
