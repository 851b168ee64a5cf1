import { createRequire } from 'node:module';
import { createHttp, DcsError } from 'dcs-sdk';
import { npmProgram } from './npm.ts';
import type { Release } from './release.ts';

/** Where and how a version was built, as sigstore proves it. */
export interface Provenance {
  /** `https://github.com/owner/name`. */
  readonly repository: string;
  readonly workflow: string;
}

const GITHUB = 'https://token.actions.githubusercontent.com';
const SLSA = 'https://slsa.dev/provenance/v1';
const WORKFLOW = /^(https:\/\/github\.com\/[\w.-]+\/[\w.-]+)\/\.github\/workflows\/([\w.-]+)@/;

interface Statement {
  readonly subject?: readonly { readonly digest?: { readonly sha512?: string } }[];
}

/**
 * The attestation that the registry has of this version; undefined where it has none. One that does not prove these bytes is worse
 * than none: REFUSED. Needs no further server: the roots of trust come with npm (https://docs.sigstore.dev, last verified 2026-11-21).
 */
export async function provenanceOf(release: Release): Promise<Provenance | undefined> {
  if (release.attestations === undefined) return undefined;
  const bundle = await slsaBundle(release, new URL(release.attestations, release.registry.url));
  const what = `${release.name} ${release.version}`;
  const refuse = (why: string): never => {
    throw new DcsError('REFUSED', `The attestation of ${what} proves nothing.`, { why: `${why} Nothing was installed.` });
  };
  if (bundle === undefined) return refuse('It is not one of SLSA provenance.');
  const library = sigstore();
  let signer: string;
  try {
    signer = verifiedSigner(library, bundle);
  } catch {
    return refuse('Its signature is not one that sigstore vouches for.'); // whatever the library says of a document from outside
  }
  const digest = Buffer.from(release.integrity.slice('sha512-'.length), 'base64').toString('hex');
  if (!statement(bundle).subject?.some((subject) => subject.digest?.sha512 === digest)) return refuse('It is about other bytes.');
  const [, repository, workflow] = WORKFLOW.exec(signer) ?? [];
  if (repository === undefined || workflow === undefined) return refuse('No workflow of GitHub Actions signed it.');
  return { repository, workflow };
}

interface Bundle {
  readonly dsseEnvelope?: { readonly payload?: string };
}

async function slsaBundle({ registry }: Release, url: URL): Promise<Bundle | undefined> {
  const home = new URL(registry.url);
  if (url.origin !== home.origin)
    throw new DcsError('REFUSED', `The attestation would come from ${url.host}.`, { why: 'Nothing was installed.' });
  const http = createHttp({ base: url.origin, name: `The npm registry ${url.host}`, attempts: 1, timeout: 10_000, deadline: 10_000 });
  const { status, body } = await http.request({ method: 'GET', path: url.pathname });
  if (status !== 200) throw new DcsError('NETWORK', `The npm registry ${url.host} does not give the attestation (${status}).`);
  const { attestations = [] } = body as { attestations?: readonly { predicateType?: string; bundle?: Bundle }[] };
  return attestations.find(({ predicateType }) => predicateType === SLSA)?.bundle;
}

const statement = ({ dsseEnvelope }: Bundle): Statement =>
  JSON.parse(Buffer.from(dsseEnvelope?.payload ?? '', 'base64').toString('utf8')) as Statement;

interface Sigstore {
  readonly toTrustMaterial: (root: unknown) => unknown;
  readonly toSignedEntity: (bundle: unknown) => unknown;
  readonly bundleFromJSON: (json: unknown) => unknown;
  readonly root: unknown;
  readonly Verifier: new (trust: unknown) => {
    verify(entity: unknown, policy: unknown): { readonly identity?: { readonly subjectAlternativeName?: string } };
  };
}

/** The workflow whose certificate signed the bundle. Throws where signature, certificate or transparency log do not agree. */
function verifiedSigner({ toTrustMaterial, toSignedEntity, Verifier, bundleFromJSON, root }: Sigstore, bundle: Bundle): string {
  const verifier = new Verifier(toTrustMaterial(root));
  const { identity } = verifier.verify(toSignedEntity(bundleFromJSON(bundle)), { extensions: { issuer: GITHUB } });
  return identity?.subjectAlternativeName ?? '';
}

/** It comes with npm, and with it the roots of trust. */
function sigstore(): Sigstore {
  const require = createRequire(npmProgram());
  try {
    const { TrustedRoot } = require('@sigstore/protobuf-specs') as { TrustedRoot: { fromJSON(json: unknown): unknown } };
    const seeds = require('@sigstore/tuf/seeds.json') as Record<string, { targets: Record<string, string> } | undefined>;
    const root = Buffer.from(seeds['https://tuf-repo-cdn.sigstore.dev']?.targets['trusted_root.json'] ?? '', 'base64').toString('utf8');
    return { ...require('@sigstore/verify'), ...require('@sigstore/bundle'), root: TrustedRoot.fromJSON(JSON.parse(root)) } as Sigstore;
  } catch {
    throw new DcsError('CONFIG', 'This npm cannot verify attestations.', {
      why: 'It is too old. Nothing was installed.',
      hint: 'npm install -g npm',
    });
  }
}
