import { createHash } from 'node:crypto';
import { createHttp, DcsError, isLoopback, path } from 'dcs-sdk';
import { nearest } from '../config/nearest.ts';
import type { RegistryPlace } from './npmrc.ts';

/** One version of a package, as the registry tells it; nothing of it was downloaded. */
export interface Release {
  readonly name: string;
  readonly version: string;
  /** `sha512-...` of the packed bytes. */
  readonly integrity: string;
  readonly tarball: string;
  /** The user whose login published this version. */
  readonly publisher?: string;
  /** ISO dates: of this version, and of the package's first. */
  readonly published?: string;
  readonly first?: string;
  readonly attestations?: string;
  readonly registry: RegistryPlace;
}

/** One attempt: who waits for an answer wants to hear that there is none. */
const PATIENCE_MS = 10_000;
const LARGEST = 64 * 1024 * 1024;
const NOTHING = 'Nothing was installed.';

interface Packument {
  readonly name?: unknown;
  readonly 'dist-tags'?: Readonly<Record<string, string>>;
  readonly versions?: Readonly<Record<string, PackumentVersion>>;
  readonly time?: Readonly<Record<string, string>>;
}

interface PackumentVersion {
  readonly name?: string;
  readonly version?: string;
  readonly _npmUser?: { readonly name?: string };
  readonly dist?: { readonly integrity?: string; readonly tarball?: string; readonly attestations?: { readonly url?: string } };
}

/** `wanted`: a version, or a tag. Throws USAGE where there is none, AUTH, NETWORK; never a guess. */
export async function findRelease(registry: RegistryPlace, name: string, wanted: string): Promise<Release> {
  const packument = (await ask(registry, name)) as Packument;
  const versions = new Map(Object.entries(packument.versions ?? {}));
  const version = versions.has(wanted) ? wanted : new Map(Object.entries(packument['dist-tags'] ?? {})).get(wanted);
  const found = version === undefined ? undefined : versions.get(version);
  if (version === undefined || found === undefined) throw noVersion(name, wanted, [...versions.keys()]);
  const { integrity = '', tarball = '', attestations } = found.dist ?? {};
  if (packument.name !== name || found.name !== name || found.version !== version || !URL.canParse(tarball)) throw untold(registry, name);
  if (!/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity))
    throw new DcsError('REFUSED', `The registry names no sha512 checksum of ${name} ${version}.`, { why: NOTHING });
  const publisher = found._npmUser?.name;
  const published = packument.time?.[version];
  const first = packument.time?.['created'];
  return {
    name,
    version,
    integrity,
    tarball,
    registry,
    ...(publisher === undefined ? {} : { publisher: plain(publisher) }),
    ...(published === undefined ? {} : { published: plain(published) }),
    ...(first === undefined ? {} : { first: plain(first) }),
    ...(attestations?.url === undefined ? {} : { attestations: attestations.url }),
  };
}

/** What a registry tells is shown to people: no control characters, no essays. */
const plain = (text: string): string => text.replaceAll(/[^\x20-\x7E]/g, '?').slice(0, 60);

async function ask(registry: RegistryPlace, name: string): Promise<unknown> {
  const { host } = new URL(registry.url);
  const http = createHttp({
    base: registry.url.slice(0, -1),
    name: `The npm registry ${host}`,
    attempts: 1,
    timeout: PATIENCE_MS,
    deadline: PATIENCE_MS,
    maxBytes: LARGEST,
  });
  const headers = registry.authorization === undefined ? {} : { authorization: registry.authorization };
  const { status, body } = await http.request({ method: 'GET', path: path`/${name}`, headers });
  if (status === 404)
    throw new DcsError('USAGE', `The npm registry ${host} has no package ${name}.`, {
      why: NOTHING,
      hint: 'dcs plugins     what there is',
    });
  if (status === 401 || status === 403)
    throw new DcsError('AUTH', `The npm registry ${host} does not let you read ${name} (${status}).`, {
      why: NOTHING,
      hint: `npm login --registry ${registry.url}`,
    });
  if (status !== 200 || body === null || typeof body !== 'object') throw untold(registry, name);
  return body;
}

const untold = ({ url }: RegistryPlace, name: string): DcsError =>
  new DcsError('NETWORK', `The npm registry ${new URL(url).host} does not answer as a registry does about ${name}.`, { why: NOTHING });

function noVersion(name: string, wanted: string, versions: readonly string[]): DcsError {
  const near = nearest(wanted, versions);
  return new DcsError('USAGE', `There is no ${name} ${wanted}.`, {
    why: `There are ${versions.slice(-6).join(', ') || 'no versions'}. ${NOTHING}`,
    ...(near === undefined ? {} : { hint: `dcs plugins install ${name}@${near}` }),
  });
}

/** The packed bytes, once; they are what was agreed to, or nothing is. */
export async function download({ name, version, integrity, tarball, registry }: Release): Promise<Buffer> {
  const bytes = await fetched(name, new URL(tarball), registry);
  refuseOther(`${name} ${version}`, bytes, integrity);
  return bytes;
}

async function fetched(name: string, url: URL, { url: home, authorization }: RegistryPlace): Promise<Buffer> {
  if (!safe(url)) throw new DcsError('REFUSED', `${name} would be downloaded from ${url.host} without encryption.`, { why: NOTHING });
  const failed = (why: string): DcsError =>
    new DcsError('NETWORK', `${name} could not be downloaded from ${url.host}.`, { why: `${why} ${NOTHING}` });
  try {
    const answer = await fetch(url, {
      // A store behind the registry may hold the bytes; the checksum says whether they are the right ones.
      headers: url.href.startsWith(home) && authorization !== undefined ? { authorization } : {},
      signal: AbortSignal.timeout(60_000),
    });
    if (!safe(new URL(answer.url))) throw failed('It was sent to an address without encryption.');
    if (!answer.ok) throw failed(`The answer was ${answer.status}.`);
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of answer.body ?? []) {
      size += part.byteLength;
      if (size > LARGEST) throw failed('It is larger than 64 MiB.');
      parts.push(part);
    }
    return Buffer.concat(parts);
  } catch (error) {
    if (error instanceof DcsError) throw error;
    throw failed('The connection failed.');
  }
}

const safe = (url: URL): boolean => url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url));

export const integrityOf = (bytes: Buffer): string => `sha512-${createHash('sha512').update(bytes).digest('base64')}`;

export function refuseOther(what: string, bytes: Buffer, integrity: string): void {
  if (integrityOf(bytes) === integrity) return;
  throw new DcsError('REFUSED', `${what} is not what the registry said it is.`, {
    why: `Its bytes have another sha512 checksum than the one that was agreed to. ${NOTHING}`,
    hint: 'try again later; if it stays so, tell the registry and the author',
  });
}
