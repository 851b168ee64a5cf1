/** A part of the release, as dist/dcs.cdx.json has it. */
export interface Part {
  readonly name: string;
  readonly purl: string;
  readonly licenses: readonly { readonly expression?: string; readonly license?: { readonly id: string } }[];
  readonly hashes?: readonly unknown[];
}

/** What package-lock.json says of a folder of node_modules. */
export interface Locked {
  readonly link?: boolean;
  readonly inBundle?: boolean;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
}

/** Whoever gets dcs may use, change and pass on all of it, with a notice at most. */
const LICENCES = new Set(['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'CC0-1.0', 'ISC', 'MIT', 'MIT-0']);

/** An optional part of the queue of `dcs webhook`, which has a slower one in JavaScript. dcs installs plugins without scripts. */
const SCRIPTS_NEVER_RUN = new Set(['msgpackr-extract']);

/** Of `A OR B` one is enough, of `A AND B` both are wanted. */
const allowed = (expression: string): boolean =>
  expression
    .replaceAll(/[()]/g, '')
    .split(' OR ')
    .some((either) => either.split(' AND ').every((one) => LICENCES.has(one)));

/** What is wrong with what a release consists of. */
export function wrongParts(parts: readonly Part[]): string[] {
  return parts.flatMap(({ purl, name, licenses, hashes }) => {
    const named = licenses.map(({ expression, license }) => expression ?? license?.id ?? '');
    const ours = /^(dcs-|doppler-cloud-syncs)/.test(name);
    return [
      ...(named.length > 0 && named.every(allowed) ? [] : [`${purl}: licence ${named.join(', ') || 'unknown'}`]),
      ...(ours || hashes !== undefined ? [] : [`${purl}: no checksum`]),
    ];
  });
}

/** What is wrong with the lock: bytes that nobody fixed, or that come from elsewhere. */
export function wrongLock(lock: Readonly<Record<string, Locked>>): string[] {
  return Object.entries(lock).flatMap(([path, { link, inBundle, resolved, integrity }]) => {
    if (!path.includes('node_modules/') || link === true || inBundle === true) return [];
    return [
      ...(integrity?.startsWith('sha512-') ? [] : [`${path}: no SHA-512`]),
      ...(resolved === undefined || resolved.startsWith('https://registry.npmjs.org/') ? [] : [`${path}: from ${resolved}`]),
    ];
  });
}

/** The parts with a script for their installation. */
export const scripted = (parts: readonly Part[], lock: Readonly<Record<string, Locked>>): string[] => {
  const names = new Set(parts.map(({ name }) => name));
  return Object.entries(lock)
    .map(([path, { hasInstallScript }]) => (hasInstallScript === true ? path.replace(/^.*node_modules\//, '') : ''))
    .filter((name) => names.has(name) && !SCRIPTS_NEVER_RUN.has(name));
};
