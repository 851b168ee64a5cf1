import { createHash } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { DcsError } from 'dcs-sdk';
import { isMissing, writePrivate } from '../files.ts';

/** This dcs.yaml, with the root file that it takes defaults from, may act by itself as it is now. Returns its digest; any edit ends the trust. */
export async function trust(stateDir: string, files: readonly string[]): Promise<string> {
  const trusted = await load(stateDir);
  const digest = await digestOf(files);
  await save(stateDir, trusted.set(await realpath(files[0]!), digest));
  return digest;
}

/** False: it was not trusted. */
export async function untrust(stateDir: string, [file]: readonly string[]): Promise<boolean> {
  const trusted = await load(stateDir);
  const was = trusted.delete(await realpath(file!));
  if (was) await save(stateDir, trusted);
  return was;
}

export async function isTrusted(stateDir: string, files: readonly string[]): Promise<boolean> {
  const [file] = files;
  if (file === undefined) return false;
  const digest = (await load(stateDir)).get(await realpath(file));
  return digest !== undefined && digest === (await digestOf(files));
}

async function digestOf(files: readonly string[]): Promise<string> {
  const digests = files.map(async (file) =>
    createHash('sha256')
      .update(await readFile(file))
      .digest('hex'),
  );
  return (await Promise.all(digests)).join(' ');
}

const recordOf = (stateDir: string): string => join(stateDir, 'trust.json');

async function load(stateDir: string): Promise<Map<string, string>> {
  const file = recordOf(stateDir);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return new Map();
    throw error;
  }
  try {
    return new Map((JSON.parse(text) as { files: [string, string][] }).files);
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
    throw new DcsError('CONFLICT', `${file} cannot be read as what dcs wrote there.`, { hint: `remove it, then: dcs trust` });
  }
}

async function save(stateDir: string, trusted: ReadonlyMap<string, string>): Promise<void> {
  await writePrivate(recordOf(stateDir), `${JSON.stringify({ version: 1, files: [...trusted] }, null, 2)}\n`);
}
