import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { DcsError, type Env } from 'dcs-sdk';
import { nearest } from '../config/nearest.ts';
import { OFFICIAL_PLUGINS } from '../registry.ts';
import type { Wanted } from './names.ts';
import { isPublic, registryOf } from './npmrc.ts';
import { homeOf, officialPlugin, versionFor, type Dcs } from './official.ts';
import { packedManifest } from './packed.ts';
import { provenanceOf, type Provenance } from './provenance.ts';
import { findRelease, integrityOf, type Release } from './release.ts';

/** One version with all that is known of who made it, before anything of it is on this machine. */
export interface Candidate {
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
  /** A host, or `this machine`. */
  readonly from: string;
  readonly official: boolean;
  /** Why a plugin with an official name does not count as one, or what its name is too near to. */
  readonly doubt?: string;
  readonly provenance?: Provenance;
  readonly pinned?: string;
  /** Of the registry. */
  readonly release?: Release;
  /** Of a packed file. */
  readonly bytes?: Buffer;
}

export async function candidateFor(dcs: Dcs, asked: Wanted, env: Env, home: string): Promise<Candidate> {
  return asked.kind === 'file' ? packed(asked.path) : published(dcs, asked, env, home);
}

async function published(dcs: Dcs, { name, version }: Extract<Wanted, { kind: 'package' }>, env: Env, home: string): Promise<Candidate> {
  const registry = await registryOf(name, env, home);
  const release = await findRelease(registry, name, version ?? versionFor(dcs, name) ?? 'latest');
  const provenance = await provenanceOf(release);
  const doubt = doubtOf(dcs, name, registry.url, provenance);
  return {
    name,
    version: release.version,
    integrity: release.integrity,
    from: new URL(registry.url).host,
    official: officialPlugin(name) !== undefined && doubt === undefined,
    release,
    ...(doubt === undefined ? {} : { doubt }),
    ...(provenance === undefined ? {} : { provenance }),
    ...(version === undefined || version === 'latest' ? {} : { pinned: version }),
  };
}

/** On the public registry a stolen login can publish under our name, but not from our workflow. */
function doubtOf(dcs: Dcs, name: string, registry: string, provenance: Provenance | undefined): string | undefined {
  const home = homeOf(dcs);
  if (officialPlugin(name) === undefined) {
    const near = nearest(
      name,
      OFFICIAL_PLUGINS.map(({ plugin }) => plugin),
    );
    return near === undefined ? undefined : `Its name is close to ${near}, which is another plugin.`;
  }
  if (provenance !== undefined && provenance.repository !== home)
    return `It was built in ${provenance.repository}, not where dcs is built.`;
  if (provenance === undefined && isPublic(registry)) return 'The registry has no proof that it was built where dcs is built.';
  return undefined;
}

async function packed(path: string): Promise<Candidate> {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile())
    throw new DcsError('USAGE', `There is no file ${path}.`, { hint: 'npm pack     makes one' });
  const bytes = await readFile(path);
  const { name, version } = packedManifest(bytes, basename(path));
  return {
    name,
    version,
    integrity: integrityOf(bytes),
    from: 'this machine',
    official: false,
    ...(officialPlugin(name) ? { doubt: 'It has an official name, and nobody vouches for the file.' } : {}),
    pinned: version,
    bytes,
  };
}
